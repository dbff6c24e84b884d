'use strict';

/*
 * Opens native environments with arguments that lib/handle/native.js would
 * never pass. An open one lives until the process ends, so there are few.
 */

const RING = 2 + 1024 * 4;
const MOST_OPENED = 2;
const TRIES = 60;

const detached = () => {
  const array = new Int32Array(RING);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
};
const arrays = [
  ...[() => undefined, () => null, () => 7, () => ({}), () => []],
  ...[() => new Int32Array(0), () => new Int32Array(RING - 1), detached],
  ...[() => new DataView(new ArrayBuffer(8)), () => new ArrayBuffer(99_999)],
  ...[() => new Uint8Array(4 * RING), () => new Float64Array(RING)],
  ...[() => Object.create(Int32Array.prototype), () => Buffer.alloc(64)],
];
const listeners = [undefined, null, 7, {}, () => {}, class {}, Symbol('x')];
const drivers = ['auto', 'on-loop', 'threaded', '', '\0', 'x'.repeat(9999)];
const numbers = [0, -1, NaN, Infinity, 2 ** 32, 1.5, '7', 7n, undefined];

function options(random) {
  const object = {};
  const put = (name, value) => {
    if (random.chance(90)) object[name] = value;
  };
  put('driver', random.pick([...drivers, 7, undefined]));
  for (const name of ['coalesce', 'offload', 'paddedNames']) {
    put(name, random.pick([true, false, false, 1, undefined]));
  }
  put('busyPoll', random.pick(numbers));
  return random.chance(90) ? object : random.pick(listeners);
}

/**
 * @param {any} world
 * @param {import('./random').Random} random
 * @returns {number} how many calls were made
 */
function openHostile(world, random) {
  let opened = 0;
  let tries = 0;
  for (; tries < TRIES && opened < MOST_OPENED; tries++) {
    const memory = [0, 1, 2].map(() => random.pick(arrays)());
    const args = [
      options(random),
      random.pick(listeners),
      random.pick(listeners),
    ];
    try {
      const verbs = world.binding.open(...args, ...memory);
      if (typeof verbs !== 'object') continue;
      opened++;
      for (const name of ['close', 'readStart', 'write', 'getsockname', 'fd']) {
        verbs[name](random.pick(numbers), random.pick(numbers));
      }
    } catch (error) {
      world.sawError(error, 'binding.open');
    }
  }
  return tries;
}

module.exports = { openHostile };
