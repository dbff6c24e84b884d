'use strict';

/*
 * Shrinks a failing program: removes and simplifies parts for as long as it
 * still fails.
 */

/** The most seconds for one program. */
const SECONDS = 20;

const clone = (value) => JSON.parse(JSON.stringify(value));

/** Removes connection `index`, and everything that refers to its ends. */
function withoutConnection(program, index) {
  const made = clone(program);
  made.connections.splice(index, 1);
  const isWhole = made.connections.length > 0;
  const renamed = (id) => {
    const [, side, digits] = /^(client|peer)(\d+)/.exec(id) ?? [];
    const number = Number(digits);
    if (side === undefined || number < index) return id;
    if (number === index) return null;
    return side === 'client' ? `client${number - 1}` : `peer${number - 1}.1`;
  };
  const visit = (op) => {
    if (op.to) op.to = renamed(op.to) ?? 'nobody';
    if (op.ids) op.ids = op.ids.map(renamed).filter((id) => id !== null);
    (op.then ?? []).forEach(visit);
  };
  for (const rule of rulesOf(made)) rule.do.forEach(visit);
  return isWhole ? made : undefined;
}

function plansOf(program) {
  return program.connections.flatMap(({ client, peer }) => [client, peer]);
}

function rulesOf(program) {
  return plansOf(program).flatMap(({ rules }) => rules);
}

function* lists(program) {
  const visit = function* (ops) {
    yield ops;
    for (const op of ops) if (op.then) yield* visit(op.then);
    for (const op of ops) if (op.chunks) yield op.chunks;
  };
  for (const plan of plansOf(program)) yield plan.rules;
  for (const rule of rulesOf(program)) yield* visit(rule.do);
}

/** Yields programs with one element of a list removed. */
function* shorter(program) {
  const count = [...lists(program)].length;
  for (let i = count - 1; i >= 0; i--) {
    const { length } = [...lists(program)][i] ?? [];
    for (let at = (length ?? 0) - 1; at >= 0; at--) {
      const made = clone(program);
      [...lists(made)][i].splice(at, 1);
      yield made;
    }
  }
}

/** Yields every object in the program, for settings to remove. */
function* objects(program) {
  for (const server of program.servers) yield* [server, server.options];
  for (const connection of program.connections) yield connection;
  for (const plan of plansOf(program)) {
    yield* [plan, plan.reader];
    if (plan.options) yield plan.options;
  }
  for (const rule of rulesOf(program)) yield rule;
  for (const list of lists(program)) {
    yield* list.filter(({ op, size }) => op || size);
  }
}

const needed = new Set([
  ...['kind', 'options', 'server', 'client', 'peer', 'reader', 'rules', 'via'],
  ...['mode', 'on', 'do', 'op', 'id', 'to', 'ids', 'chunks', 'ms', 'how'],
]);

/** Returns simpler values for one setting. */
function simplerValues(key, value) {
  if (key === 'via' && value !== 'connect') return ['connect'];
  if (key === 'mode' && value !== 'data') return ['data'];
  if (key === 'kind' && !['buffer', 'tcp'].includes(value)) {
    return [value === 'unix' ? 'tcp' : 'buffer'];
  }
  if (key === 'size' || key === 'n') {
    const smaller = [1, value >> 4, value >> 1, value - 1];
    return smaller.filter((one) => one >= 0 && one < value);
  }
  return needed.has(key) ? [] : [undefined];
}

function* simpler(program) {
  const all = [...objects(program)];
  for (let i = 0; i < all.length; i++) {
    for (const [key, value] of Object.entries(all[i])) {
      for (const one of simplerValues(key, value)) {
        const made = clone(program);
        const object = [...objects(made)][i];
        if (one === undefined) delete object[key];
        else object[key] = one;
        yield made;
      }
    }
  }
}

function* smaller(program) {
  const { length } = program.connections;
  for (let i = length - 1; i >= 0; i--) {
    const made = withoutConnection(program, i);
    if (made) yield made;
  }
  yield* shorter(program);
  yield* simpler(program);
}

/**
 * Waits for an answer until a moment.
 *
 * @template T
 * @param {number} end in the milliseconds of `Date.now()`
 * @param {Promise<T>} answer
 * @returns {Promise<T | undefined>} undefined where it is not there by then
 */
function before(end, answer) {
  const time = Math.min(end - Date.now(), 2 ** 31 - 1);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/**
 * @param {object} program that fails
 * @param {(program: object) => Promise<boolean>} fails
 * @param {number} [end] when to stop, in the milliseconds of `Date.now()`; a
 *   program that still plays then is abandoned
 * @returns {Promise<object>} the smallest that was found
 */
async function shrink(program, fails, end = Date.now() + SECONDS * 1000) {
  let best = program;
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smaller(best)) {
      if (Date.now() >= end) return best;
      if (await before(end, fails(candidate))) {
        best = candidate;
        isSmaller = true;
        break;
      }
    }
  }
  return best;
}

module.exports = { SECONDS, shrink };
