'use strict';

/*
 * Connects and stays paused. On a message from the parent it resumes, checks all bytes
 * that arrive, and sends their number back.
 */

const net = require('node:net');
const { isAt } = require('../../soak/load/pattern');

const { port, count } = JSON.parse(process.argv[2]);
const sockets = Array.from({ length: count }, () =>
  net.connect({ port, host: '127.0.0.1' }).pause(),
);
const received = {};
let left = count;

/** Reads a connection to its end. The first byte says which flow it is. */
function read(socket) {
  let flow;
  let size = 0;
  let isRight = true;
  socket.on('data', (bytes) => {
    let rest = bytes;
    if (flow === undefined) {
      flow = bytes[0];
      rest = bytes.subarray(1);
    }
    isRight &&= isAt(flow, size, rest);
    size += rest.length;
  });
  socket.on('error', () => (isRight = false));
  socket.on('close', () => {
    received[flow] = { size, isRight };
    if (--left === 0) process.send(received, () => process.disconnect());
  });
  socket.resume();
}

process.on('message', () => sockets.forEach(read));
