'use strict';

// The top memory of a process that writes 1 MiB a hundred times in one tick, to a
// reader of node's: `memory.js node:net|rust-net`. Prints by how many MiB it rose.
//
// All writes are of one block, so that what rises is what is copied or kept beside it.

const { once } = require('node:events');
const fs = require('node:fs');
const node = require('node:net');

const net = process.argv[2] === 'node:net' ? node : require('../..');

const MiB = 1 << 20;
const COUNT = 100;

/** A figure of this process's memory, in MiB. */
function memory(name) {
  const status = fs.readFileSync('/proc/self/status', 'latin1');
  return Number(new RegExp(`${name}:\\s*(\\d+)`).exec(status)[1]) / 1024;
}

/** A connection, and how many bytes of it have come. */
async function connect() {
  const room = { buffer: Buffer.alloc(MiB), received: 0 };
  const onread = {
    buffer: room.buffer,
    callback: (size) => {
      room.received += size;
      return true;
    },
  };
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  // Into one buffer, so that the reader has no part in what rises.
  const { port } = server.address();
  const reader = node.connect({ port, host: '127.0.0.1', onread });
  const [writer] = await accepted;
  server.close();
  return { writer, reader, room };
}

async function main() {
  const block = Buffer.alloc(MiB, 'x');
  const { writer, reader, room } = await connect();
  // Warms up: the first write loads what every program needs.
  await new Promise((resolve) => writer.write(block, resolve));
  // The top is that of now.
  fs.writeFileSync('/proc/self/clear_refs', '5');
  const before = memory('VmRSS');
  for (let i = 1; i < COUNT; i++) writer.write(block);
  writer.end();
  await once(reader, 'close');
  if (room.received !== COUNT * MiB) {
    throw new Error(`${room.received} bytes have come`);
  }
  process.stdout.write(`${(memory('VmHWM') - before).toFixed(1)}\n`);
}

main();
