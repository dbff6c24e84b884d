'use strict';

// One port, served by several processes. The primary uses node's net; the workers get
// its connections as rust-net sockets.

const cluster = require('node:cluster');
const { once } = require('node:events');
const net = require('..');

const WORKERS = 2;
const CONNECTIONS = 8;

function work() {
  const { id } = cluster.worker;
  const server = net.createServer((socket) => socket.end(`worker ${id}`));
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.once('disconnect', () => process.exit());
}

async function ask(port) {
  const socket = net.connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (text) => (answer += text));
  await once(socket, 'close');
  return answer;
}

async function main() {
  const ports = new Set();
  for (let i = 0; i < WORKERS; i++) {
    const [port] = await once(cluster.fork(), 'message');
    ports.add(port);
  }
  const [port] = ports;
  const answers = new Map();
  for (let i = 0; i < CONNECTIONS; i++) {
    const who = await ask(port);
    answers.set(who, (answers.get(who) ?? 0) + 1);
  }
  console.log(`${ports.size} port, ${answers.size} workers`);
  for (const who of [...answers.keys()].sort()) {
    console.log(`${who}: ${answers.get(who)} connections`);
  }
  cluster.disconnect();
}

if (cluster.isPrimary) main();
else work();
