'use strict';

/*
 * Generates a random program from its seed: plain data, which `--program FILE`
 * plays again.
 */

const { encodings, Operations } = require('./generate-ops');
const { motifs } = require('./motifs');
const { Random } = require('./random');

const MEGABYTE = 2 ** 20;

const failing = [
  ...['refused', 'noPath', 'nulPath', 'longPath', 'folder', 'emptyPath'],
  ...['badPort', 'badLocal', 'otherFamily'],
];

function reader(random) {
  const mode = random.weighted({
    data: 62,
    readable: 12,
    iterate: 10,
    none: 16,
  });
  const made = { mode };
  if (mode === 'readable') made.n = random.pick([0, 0, 1, 3, 1000, 5000]);
  if (mode === 'iterate' && random.chance(40)) {
    made.stopAt = random.pick([1, 100, 5000]);
  }
  if (mode === 'data' && random.chance(8)) {
    made.encoding = random.pick(encodings);
  }
  return made;
}

/** Returns the options that clients and servers share. */
function commonOptions(random) {
  const options = {};
  const maybe = (percent, name, value) => {
    if (random.chance(percent)) options[name] = value;
  };
  maybe(35, 'allowHalfOpen', true);
  maybe(25, 'noDelay', true);
  maybe(12, 'keepAlive', true);
  maybe(10, 'highWaterMark', random.pick([1, 100, 1000, 70_000]));
  return options;
}

function server(random) {
  const kind = random.weighted({ tcp: 64, unix: 32, js: 4 });
  const made = { kind, options: commonOptions(random) };
  if (random.chance(12)) made.options.pauseOnConnect = true;
  if (random.chance(6)) made.max = random.between(1, 3);
  if (kind === 'tcp' && random.chance(3)) made.isBlocking = true;
  if (kind === 'tcp' && random.chance(8)) {
    made.host = random.pick(['::1', '::']);
  }
  return made;
}

function client(random, operations, isTcp) {
  const plan = {
    via: random.pick(['connect', 'createConnection', 'new']),
    options: commonOptions(random),
    reader: reader(random),
    rules: operations.rules(4),
  };
  if (random.chance(4)) plan.isDeaf = true;
  if (random.chance(4)) plan.target = random.pick(failing);
  if (isTcp && random.chance(8)) {
    plan.lookup = random.pick(['found', 'late', 'two', 'failing', 'wrong']);
  }
  if (isTcp && random.chance(8)) {
    plan.options.autoSelectFamily = random.chance(60);
  }
  if (random.chance(5)) plan.signal = true;
  if (random.chance(10)) {
    plan.reader = { mode: 'none' };
    const size = random.pick([undefined, 1, 100, 4096, 65536]);
    plan.onread = { size, refuse: random.pick([undefined, 1, 2, 5]) };
  }
  if (plan.via === 'new' && random.chance(40)) {
    plan.rules.unshift({
      on: 'made',
      do: operations.list(random.between(1, 3)),
    });
  }
  return plan;
}

function peer(random, operations) {
  const plan = { reader: reader(random), rules: operations.rules(4) };
  if (random.chance(3)) plan.isDeaf = true;
  return plan;
}

function howMany(random) {
  const drawn = random.weighted({ one: 60, two: 22, few: 14, many: 4 });
  if (drawn === 'one') return 1;
  if (drawn === 'two') return 2;
  return drawn === 'few' ? random.between(3, 6) : random.between(10, 40);
}

/**
 * @param {number} seed
 * @returns {object} the program
 */
function generate(seed) {
  const random = new Random(seed);
  const servers = [server(random)];
  const count = howMany(random);
  const ids = [];
  for (let i = 0; i < count; i++) ids.push(`client${i}`, `peer${i}.1`);
  const budget = random.chance(4)
    ? 8 * MEGABYTE
    : random.chance(20)
      ? MEGABYTE
      : 150_000;
  const operations = new Operations(random, ids, budget);
  const isTcp = servers[0].kind === 'tcp';
  const connections = ids.slice(count).map(() => {
    const connection = {
      server: 0,
      client: client(random, operations, isTcp),
      peer: peer(random, operations),
    };
    if (random.chance(50) && servers[0].kind === 'js') {
      connection.isAsync = true;
    }
    return random.chance(30) ? { ...connection, isLater: true } : connection;
  });
  const program = { seed, servers, connections };
  if (random.chance(45)) {
    const motif = random.pick(motifs);
    motif(program, random, operations);
  }
  return program;
}

module.exports = { generate };
