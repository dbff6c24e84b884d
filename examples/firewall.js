'use strict';

// A server with a large block list, in the usual format of such lists: one network per
// line, comments after '#'. The example generates it: 20,000 networks, and one more for
// this machine.

const { once } = require('node:events');
const net = require('..');

/** Returns a list in the usual format. */
function publishedList() {
  const lines = ['# networks that send nothing but trouble', ''];
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [11 + (i >> 10), (i >> 2) & 255];
    lines.push(`${a}.${b}.${(i & 3) << 6}.0/24 ; entry ${i}`);
  }
  lines.push('2001:db8:bad::/48', '127.0.0.2  # the neighbour');
  return lines.join('\n');
}

/**
 * @param {string} text
 * @returns {any} a BlockList
 */
function readList(text) {
  const list = new net.BlockList();
  for (const line of text.split('\n')) {
    const [entry] = line.split(/[#;]/, 1);
    const network = entry.trim();
    if (network === '') continue;
    if (network.includes('/')) list.addCIDR(network);
    else list.addAddress(network, net.isIPv6(network) ? 'ipv6' : 'ipv4');
  }
  return list;
}

/** Returns the answer to a client that connects from `localAddress`. */
async function knock(port, localAddress) {
  const client = net.connect({ port, host: '127.0.0.1', localAddress });
  let heard = '';
  client.setEncoding('utf8').on('data', (text) => (heard += text));
  client.on('error', (error) => (heard = error.code));
  await once(client, 'close').catch(() => {});
  return heard || 'nothing';
}

async function main() {
  const blockList = readList(publishedList());
  console.log(`${blockList.size} rules`);
  for (const address of ['11.0.0.1', '30.1.1.1', '192.0.2.1']) {
    console.log(`${address} blocked: ${blockList.check(address)}`);
  }

  const server = net.createServer({ blockList }, (c) => c.end('welcome'));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address();
  const heard = await knock(port, '127.0.0.1');
  console.log(`from 127.0.0.1: ${heard}`);
  // Linux has all of 127.0.0.0/8; other systems have one loopback address.
  if (process.platform === 'linux') {
    console.log(`from 127.0.0.2: ${await knock(port, '127.0.0.2')}`);
    console.log(`dropped: ${net.getStats(server).dropped}`);
  }
  // A client can have a block list as well.
  const client = net.connect({ port, blockList, host: '127.0.0.2' });
  const [error] = await once(client, 'error');
  console.log(`to 127.0.0.2: ${error.code}`);
  server.close();
}

main();
