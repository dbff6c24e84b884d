'use strict';

/*
 * Draws the steps of a program from its seed: plain data for steps.js.
 */

const hosts = ['127.0.0.1', '127.0.0.1', '::1', '0.0.0.0', '::', 'localhost'];
const oddHosts = ['', 'nonsense', '127.1', '::ffff:127.0.0.1'];
const oddPorts = [-1, 65_536, 99_999, 1.5, '0', 'x', null];
const modes = ['readableAll', 'writableAll'];

const longNames = [100, 107, 108, 109, 300];
/**
 * Before Node 22 node:net cuts a name at a NUL and at the longest length. rust-net
 * rejects such names.
 */
let isExact = true;

/** Returns the name of a Unix-domain socket, valid or not. */
function place(random) {
  return random.among([
    [5, () => 'socket'],
    [2, () => './other'],
    [1, () => 'no/such/folder'],
    [1, () => '.'],
    [3, () => ''],
    [2, () => '\0rust-net-process-PID'],
    [
      isExact ? 2 : 0,
      () => `socket\0${random.pick(['', 'x', 'x'.repeat(300)])}`,
    ],
    [1, () => 'x'.repeat(random.pick(isExact ? longNames : [100, 107]))],
    [1, () => '/dev/null'],
  ]);
}

function internet(random) {
  const host = random.pick(random.chance(80) ? hosts : oddHosts);
  const port = random.chance(85) ? 0 : random.pick(oddPorts);
  return { host, port };
}

function where(random) {
  return random.among([
    [5, () => internet(random)],
    [5, () => ({ path: place(random) })],
    [1, () => ({ path: place(random), [random.pick(modes)]: true })],
    [2, () => ({ fd: random.pick([3, 3, 4, 5, 99, -1]) })],
  ]);
}

// Not 'readable': with a listener for it, the EOF of a socket under TLS is lost.
const meddlings = [
  ...['setEncoding', 'data', 'pause', 'resume', 'setTimeout', 'cork'],
  ...['emit', 'removeData', 'unref'],
];

/** What a program does with a socket under another layer. */
function meddling(random) {
  return meddlings.filter(() => random.chance(22));
}

/** Under TLS a socket of rust-net is a flowing stream, and must not be stopped. */
const stops = ['setEncoding', 'pause'];

/** The same, without what is not allowed under TLS. */
function lateMeddling(random) {
  return meddling(random).filter((name) => !stops.includes(name));
}

const makers = {
  listen: (random) => ({ where: where(random) }),
  connect: (random) => ({ where: where(random) }),
  echo: (random) => ({
    where: random.chance(50) ? internet(random) : { path: place(random) },
    size: random.pick([1, 100, 70_000]),
    again: random.chance(30),
  }),
  serverHandle: (random) => {
    const isPath = random.chance(50);
    const { host, port } = internet(random);
    return isPath
      ? { args: [place(random) || 'socket', -1, -1] }
      : { args: [host, port, random.pick([4, 6])] };
  },
  handle: (random) => ({
    fd: random.pick([3, 3, 3, 4, 5, 99]),
    isListening: random.chance(50),
  }),
  bound: (random) => ({
    options: random.chance(50) ? internet(random) : { path: place(random) },
  }),
  secure: (random) => ({
    before: meddling(random),
    after: lateMeddling(random),
    sizes: [random.pick([1, 300, 40_000]), random.pick([1, 300])],
  }),
  addresses: (random) => ({ text: random.pick([...hosts, ...oddHosts]) }),
  objects: () => ({}),
  give: (random) => ({
    scope: random.pick(['net', 'fs.read', 'child', 'worker', 'nonsense']),
  }),
  into: (random) => ({
    count: random.pick([1, 2, 8, 20]),
    sizes: random.pick([[64], [65_536], [1, 700, 5000], [4096, 16]]),
    isShared: random.chance(50),
    bytes: random.pick([1, 1000, 30_000]),
    stops: random.chance(30),
  }),
  queue: (random) => ({
    count: random.pick([2, 60, 100]),
    size: random.pick([70_000, 2 ** 20]),
    isSame: random.chance(60),
    encoding: random.pick([undefined, undefined, 'latin1']),
  }),
  several: (random) => ({ count: 2 + random.below(6) }),
};

const weights = {
  ...{ listen: 6, connect: 5, echo: 7, serverHandle: 5, handle: 6, objects: 2 },
  ...{ bound: 4, secure: 5, addresses: 2, give: 2, several: 2 },
  ...{ into: 5, queue: 5 },
};

/**
 * @param {import('../hostile/random').Random} random
 * @param {any} features
 * @returns {any} one step
 */
function stepOf(random, { hasBound, model, major }) {
  isExact = major >= 22;
  const names = Object.keys(weights).filter((name) => {
    if (name === 'bound') return hasBound;
    return name !== 'give' || model !== undefined;
  });
  const name = random.among(names.map((one) => [weights[one], () => one]));
  return { name, ...makers[name](random) };
}

/**
 * @param {import('../hostile/random').Random} random
 * @returns {any} a step that needs no descriptor
 */
function frugalStepOf(random) {
  const name = random.pick(['addresses', 'objects']);
  return { name, ...makers[name](random) };
}

module.exports = { frugalStepOf, stepOf };
