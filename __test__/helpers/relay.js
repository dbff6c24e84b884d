'use strict';

const { once } = require('node:events');
const node = require('node:net');
const { connected, listening, take, tcp, transports } = require('./wire');

/**
 * Connects two sockets of the module under test to sockets of node:net: what
 * `sender` sends arrives at `a`, and what `b` writes arrives at `receiver`.
 *
 * @param {any} net the module under test
 * @param {any} t the test
 * @param {{ where?: [object, object], a?: object, b?: object }} [options]
 */
async function chain(net, t, { where, a: left = {}, b: right = {} } = {}) {
  const [first, second] = where ?? [tcp(t), tcp(t)];
  const front = await listening(net, t, first, {
    allowHalfOpen: true,
    ...left,
  });
  const back = await listening(node, t, second, { allowHalfOpen: true });
  const [[a], sender] = await Promise.all([
    once(front, 'connection'),
    connected(node, t, front, { allowHalfOpen: true }),
  ]);
  const [[receiver], b] = await Promise.all([
    once(back, 'connection'),
    connected(net, t, back, { allowHalfOpen: true, ...right }),
  ]);
  sender.setNoDelay?.(true);
  receiver.setNoDelay?.(true);
  return { sender, a, b, receiver };
}

/** Sends a message through the chain and waits until it has arrived. */
async function pass({ sender, receiver }, message) {
  const arrived = take(receiver, Buffer.byteLength(message));
  sender.write(message);
  return String(await arrived);
}

/** Makes a chain in which `a.pipe(b)` has already carried messages. */
async function flowing(net, t, options = {}) {
  const ends = await chain(net, t, options);
  ends.a.pipe(ends.b, options.pipe);
  for (const message of ['one', 'two', 'three']) await pass(ends, message);
  return ends;
}

/** TCP and Unix at either end: a name, and a function that makes `where`. */
const routes = transports.flatMap(([from, whereFrom]) =>
  transports.map(([to, whereTo]) => [
    `${from} to ${to}`,
    (t) => [whereFrom(t), whereTo(t)],
  ]),
);

module.exports = { chain, flowing, pass, routes };
