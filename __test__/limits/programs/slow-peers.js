'use strict';

/*
 * Peers that send a byte now and then, on node's own sockets, each of which checks
 * what comes back. Prints 'open' when all are connected, and at the end how many had
 * which outcome.
 */

const net = require('node:net');
const { bytesAt, isAt } = require('../../soak/load/pattern');

const { port, count, size, pause } = JSON.parse(process.argv[2]);
/** Connections that are made at the same time. */
const AT_ONCE = 100;

const outcomes = {};
let [started, connected, closed] = [0, 0, 0];

function leave(name) {
  outcomes[name] = (outcomes[name] ?? 0) + 1;
  if (++closed < count) return;
  console.log(JSON.stringify({ outcomes }));
}

function talk(socket, flow) {
  let [sent, received] = [0, 0];
  let outcome;
  const send = () => socket.write(bytesAt(flow, sent++, 1));
  socket.on('data', (bytes) => {
    if (!isAt(flow, received, bytes)) outcome ??= 'wrong';
    received += bytes.length;
    if (received === size) socket.end();
    else if (received === sent) setTimeout(send, pause + (flow % 100));
  });
  socket.on('error', ({ code }) => (outcome ??= code));
  socket.on('close', () =>
    leave(outcome ?? (received === size ? 'whole' : 'cut')),
  );
  send();
}

function next() {
  if (started === count) return;
  const flow = started++;
  const socket = net.connect(port, '127.0.0.1', () => {
    if (++connected === count) console.log('open');
    next();
  });
  talk(socket, flow);
}

for (let i = 0; i < AT_ONCE; i++) next();
