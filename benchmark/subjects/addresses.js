'use strict';

/*
 * Addresses and rules for the micro benchmarks: pseudo-random, but the same in
 * each process.
 */

const { sequence } = require('./sequence');

const ipv4 = (next, last = next(256)) =>
  `${11 + next(200)}.${next(256)}.${next(256)}.${last}`;

const ipv6 = (next, last = next(65536)) => {
  const group = () => next(65536).toString(16);
  return `2001:db8:${group()}:${group()}::${last.toString(16)}`;
};

// Rules of each kind: a method of BlockList and its arguments.
const kinds = [
  (next) => ['addAddress', ipv4(next), 'ipv4'],
  (next) => ['addAddress', ipv6(next), 'ipv6'],
  (next) => ['addSubnet', ipv4(next, 0), 20 + next(9), 'ipv4'],
  (next) => ['addSubnet', ipv6(next, 0), 56 + next(9), 'ipv6'],
  (next) => {
    const first = ipv4(next, 0);
    return ['addRange', first, first.replace(/\d+$/, '200'), 'ipv4'];
  },
  (next) => {
    const first = ipv6(next, 0);
    return ['addRange', first, first.replace(/::.*/, '::ffff'), 'ipv6'];
  },
];

/**
 * @param {number} count
 * @returns {any[][]} rules of all kinds, `[method, ...arguments]` each
 */
function makeRules(count) {
  const next = sequence(1);
  return Array.from({ length: count }, (_, i) => kinds[i % kinds.length](next));
}

/**
 * Returns addresses of both families to check. Every fourth is covered by a
 * rule.
 *
 * @param {any[][]} rules
 * @param {number} count
 * @returns {[string, 'ipv4' | 'ipv6'][]}
 */
function makeQuestions(rules, count) {
  const next = sequence(2);
  return Array.from({ length: count }, (_, i) => {
    if (i % 4 === 0) {
      const rule = rules[next(rules.length)];
      return [rule[1], rule[rule.length - 1]];
    }
    return i % 2 ? [ipv4(next), 'ipv4'] : [ipv6(next), 'ipv6'];
  });
}

module.exports = { ipv4, ipv6, makeQuestions, makeRules, sequence };
