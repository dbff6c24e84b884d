'use strict';

/*
 * What a connection of the soak does. Both ends make the plan from the seed and the
 * number of the connection, so only the number is sent.
 */

const { numbersFrom } = require('../../helpers/numbers');

/** Options of the subject's sockets. The subject has a server for each. */
const variants = [
  {},
  { allowHalfOpen: true },
  { offload: true },
  { highWaterMark: 16, allowHalfOpen: true },
  { offload: true, allowHalfOpen: true, highWaterMark: 1000 },
  { coalesce: false, relay: false },
  { noDelay: true, allowHalfOpen: true, pauseOnConnect: true },
];

/** Kinds of connections, as often as they shall occur. */
const kinds = {
  incoming: [
    'exchange',
    'exchange',
    'exchange',
    'echo',
    'pipe',
    'relay',
    'web',
  ],
  outgoing: ['exchange', 'exchange', 'exchange', 'web'],
};
const echoing = ['echo', 'pipe'];
const writing = ['whole', 'drain', 'callback', 'text', 'list'];
const reading = ['data', 'data', 'readable', 'pauses'];

/** Mean 1: most are small, and one in 5,000 is a thousand times the mean. */
function shareFrom(below) {
  const rank = below(5000);
  const fraction = below(1000) / 1000;
  if (rank === 0) return 2000 * fraction;
  if (rank < 25) return 120 * fraction;
  if (rank < 500) return 6 * fraction;
  return 0.5 * fraction;
}

/** Returns how the connection ends: clean, or cut off by one side at a number of bytes. */
function endFrom(below, total) {
  if (below(8) > 0) return { how: 'clean' };
  const how = below(2) === 0 ? 'reset' : 'destroy';
  return { how, by: below(2), at: below(total + 1) };
}

/**
 * Returns the plan of a connection.
 *
 * Side 0 is the one that connects. With 'turns' it sends first and the other side
 * closes; with 'both' the two sides send at the same time and close by themselves.
 *
 * @param {number} id even: a peer connects to the subject; odd: the reverse
 * @param {{ seed: number, mean: number }} setting `mean`: bytes of a connection
 */
function planOf(id, { seed, mean }) {
  const below = numbersFrom(Math.imul(id + 1, 0x9e3779b1) ^ seed);
  const pick = (list) => list[below(list.length)];
  const kind = pick(id % 2 === 1 ? kinds.outgoing : kinds.incoming);
  const variant = below(variants.length);
  const sizes = [0, 1].map(() => Math.floor((shareFrom(below) * mean) / 2));
  const flows = [2 * id, 2 * id + 1];
  const isEcho = echoing.includes(kind);
  if (isEcho) [sizes[1], flows[1]] = [sizes[0], flows[0]];
  const end = endFrom(below, sizes[0] + sizes[1]);
  const isHalfOpen = isEcho || variants[variant].allowHalfOpen === true;
  return {
    ...{ id, kind, variant, sizes, flows, end },
    transport: below(4) === 0 ? 'unix' : 'tcp',
    style: isHalfOpen ? 'both' : 'turns',
    sides: [0, 1].map(() => ({ write: pick(writing), read: pick(reading) })),
    highWaterMark: pick([undefined, undefined, 64]),
    keepsAlive: end.how === 'clean' && below(3) === 0,
  };
}

module.exports = { planOf, variants };
