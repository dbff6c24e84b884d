'use strict';

/*
 * Two copies of the package in one process talk to each other:
 *
 *   node __test__/soak/threads/copies.js {"copies":[M,M],"count":N}
 *
 * Prints what each copy has counted.
 */

const { once } = require('node:events');
const { bytesAt, isAt } = require('../load/pattern');

const { copies, count } = JSON.parse(process.argv[2]);
const [one, other] = copies.map((name) => require(name));
const host = '127.0.0.1';
const SIZE = 5000;

/** Sends bytes to an echo and checks what comes back. */
async function exchange(net, port, flow) {
  const client = net.connect(port, host);
  let received = 0;
  client.on('data', (bytes) => {
    if (!isAt(flow, received, bytes)) throw new Error(`flow ${flow}`);
    received += bytes.length;
  });
  client.end(bytesAt(flow, 0, SIZE));
  await once(client, 'close');
  if (received !== SIZE) throw new Error(`flow ${flow}: ${received} bytes`);
}

async function listen(net, onConnection) {
  const server = net.createServer({ allowHalfOpen: true }, onConnection);
  server.listen(0, host);
  await once(server, 'listening');
  return server;
}

async function main() {
  const echo = (socket) => socket.pipe(socket);
  const servers = [await listen(one, echo), await listen(other, echo)];
  const [mine, theirs] = servers.map((server) => server.address().port);
  // Its ends are sockets of two copies, which cannot relay natively.
  const through = await listen(one, (near) => {
    const far = other.connect({ port: theirs, host, allowHalfOpen: true });
    near.pipe(far).pipe(near);
  });
  const between = through.address().port;
  for (let i = 0; i < count; i++) {
    await Promise.all([
      exchange(one, theirs, 4 * i),
      exchange(other, mine, 4 * i + 1),
      exchange(one, mine, 4 * i + 2),
      exchange(other, between, 4 * i + 3),
    ]);
  }
  for (const server of [...servers, through]) {
    server.close();
    await once(server, 'close');
  }
  const counts = [one, other].map((net) => {
    const { accepted, connected, bytesRead, bytesWritten, sockets } =
      net.getStats();
    return { accepted, connected, bytesRead, bytesWritten, sockets };
  });
  const isApart = one.Socket !== other.Socket;
  console.log(JSON.stringify({ isApart, counts }));
}

main();
