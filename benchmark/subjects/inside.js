'use strict';

/*
 * Measures calls that need no connection: `node inside.js MODULE
 * block-list|is-ip [--rules N]` calls the module in a loop.
 */

const { parseArgs } = require('node:util');

const {
  ipv4,
  ipv6,
  makeQuestions,
  makeRules,
  sequence,
} = require('./addresses');
const { control, cpu } = require('./control');

const QUESTIONS = 128;

const subjects = {
  /** @returns {() => number} checks all the questions once, counts the hits */
  'block-list'(net, { rules: count }) {
    const rules = makeRules(count);
    const questions = makeQuestions(rules, QUESTIONS);
    const list = new net.BlockList();
    for (const [method, ...args] of rules) list[method](...args);
    return () => {
      let hits = 0;
      for (const [address, family] of questions) {
        if (list.check(address, family)) hits++;
      }
      return hits;
    };
  },

  /** @returns {() => number} asks about texts of each kind, sums the answers */
  'is-ip'(net) {
    const next = sequence(3);
    const others = ['', 'localhost', '1.2.3', '1.2.3.256', '::g', 'a.b.c.d'];
    const questions = Array.from(
      { length: QUESTIONS },
      (_, i) => [ipv4(next), ipv6(next), others[i % others.length]][i % 3],
    );
    return () => {
      let sum = 0;
      for (const text of questions) sum += net.isIP(text);
      return sum;
    };
  },
};

/** Repeats a pass over all the questions until the time is up. */
function run(pass, seconds) {
  const expected = pass();
  const cpuBefore = cpu();
  const start = performance.now();
  const end = start + seconds * 1000;
  let passes = 0;
  let now;
  do {
    if (pass() !== expected) throw new Error('the answer differs from before');
    passes++;
    now = performance.now();
  } while (now < end);
  return {
    ops: passes * QUESTIONS,
    seconds: (now - start) / 1000,
    cpu: cpu() - cpuBefore,
    // Must be the same for each module.
    check: expected,
  };
}

function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { rules: { type: 'string', default: '10000' } },
  });
  const [moduleId, name] = positionals;
  const options = { rules: Number(values.rules) };
  const pass = subjects[name](require(moduleId), options);
  control({ ready: true }, { run: (seconds) => run(pass, seconds) });
}

main();
