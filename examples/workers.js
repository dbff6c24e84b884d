'use strict';

// Worker threads: each has its own environment, sockets and reactor. The threads listen
// on one port, and the kernel distributes the connections (`reusePort`).

const { once } = require('node:events');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');
const net = require('..');

const THREADS = 2;
const CONNECTIONS = 32;

function serve() {
  const server = net.createServer((socket) => socket.pipe(socket));
  parentPort.on('message', (message) => {
    if (message.listen) {
      server.listen(message.listen, () => parentPort.postMessage('ready'));
    } else {
      server.close();
      parentPort.postMessage(net.getStats().accepted);
      parentPort.close();
    }
  });
}

async function echo(port, text) {
  const socket = net.connect(port, '127.0.0.1');
  socket.end(text);
  let answer = '';
  socket.setEncoding('utf8').on('data', (data) => (answer += data));
  await once(socket, 'close');
  return answer === text;
}

async function main() {
  // Reserves the port until the threads listen on it.
  const bound = new net.BoundSocket({ host: '127.0.0.1', reusePort: true });
  const { port } = bound.address();
  const threads = [];
  for (let i = 0; i < THREADS; i++) {
    const thread = new Worker(__filename);
    thread.postMessage({
      listen: { port, host: '127.0.0.1', reusePort: true },
    });
    await once(thread, 'message');
    threads.push(thread);
  }
  bound.close();

  const talks = Array.from({ length: CONNECTIONS }, (_, i) =>
    echo(port, `message ${i}`),
  );
  const right = (await Promise.all(talks)).filter(Boolean).length;
  console.log(`${right} of ${CONNECTIONS} echoes are right`);

  let sum = 0;
  for (const thread of threads) {
    thread.postMessage({ close: true });
    const [accepted] = await once(thread, 'message');
    sum += accepted;
  }
  console.log(`${THREADS} threads accepted ${sum} connections`);
}

if (isMainThread) main();
else serve();
