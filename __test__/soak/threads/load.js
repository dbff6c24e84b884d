'use strict';

/*
 * Has many threads load the module at the same moment, and use it:
 *
 *   node __test__/soak/threads/load.js {"module":M,"count":N}
 */

const { once } = require('node:events');
const { Worker } = require('node:worker_threads');

const { module: id, count } = JSON.parse(process.argv[2]);

const program = `
const { parentPort, workerData: { gate, id } } = require('node:worker_threads');
Atomics.add(gate, 0, 1);
Atomics.notify(gate, 0);
Atomics.wait(gate, 1, 0);
const net = require(id);
const server = net.createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1');
  let text = '';
  client.on('data', (bytes) => (text += bytes)).on('end', () => {
    parentPort.postMessage(text);
    server.close();
  });
  client.end('hello');
});
`;

async function main() {
  const gate = new Int32Array(new SharedArrayBuffer(8));
  const threads = Array.from({ length: count }, () => {
    const worker = new Worker(program, {
      eval: true,
      workerData: { gate, id },
    });
    return Promise.all([once(worker, 'message'), once(worker, 'exit')]);
  });
  const open = setInterval(() => {
    if (Atomics.load(gate, 0) < count) return;
    clearInterval(open);
    Atomics.store(gate, 1, 1);
    Atomics.notify(gate, 1);
  }, 1);
  const found = await Promise.all(threads);
  const isWell = ([[text], [code]]) => text === 'hello' && code === 0;
  console.log(JSON.stringify({ well: found.filter(isWell).length }));
}

main();
