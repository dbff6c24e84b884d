'use strict';

// A TCP proxy: it forwards bytes, EOF and errors from the client to the target and back.

const { once } = require('node:events');
const net = require('..');

/**
 * @param {object} target options of `net.connect`
 * @returns {any} a Server
 */
function createProxy(target) {
  // Half-open, so that the EOF of a client does not cut off the answer.
  const options = { allowHalfOpen: true };
  return net.createServer(options, (client) => {
    const upstream = net.connect({ ...target, ...options });
    client.pipe(upstream);
    upstream.pipe(client);
    client.on('error', () => upstream.destroy());
    upstream.on('error', () => client.resetAndDestroy());
    client.on('close', () => upstream.destroy());
  });
}

async function main() {
  // The target answers with the number of bytes that it received.
  const counter = net.createServer({ allowHalfOpen: true }, (socket) => {
    let bytes = 0;
    socket.on('data', (data) => (bytes += data.length));
    socket.on('end', () => socket.end(`${bytes} bytes`));
  });
  await once(counter.listen(0, '127.0.0.1'), 'listening');
  const proxy = createProxy(counter.address());
  await once(proxy.listen(0, '127.0.0.1'), 'listening');

  const ask = async (length) => {
    const client = net.connect(proxy.address());
    client.end(Buffer.alloc(length));
    let answer = '';
    client.setEncoding('utf8').on('data', (text) => (answer += text));
    await once(client, 'close');
    return answer;
  };
  const answers = await Promise.all([1, 1_000, 5_000_000].map(ask));
  console.log(`through the proxy: ${answers.join(', ')}`);

  counter.close();
  await once(counter, 'close');
  // Without a target the client gets an error.
  const client = net.connect(proxy.address());
  const [error] = await once(client, 'error');
  console.log(`without a target: ${error.code}`);
  proxy.close();
}

main();
