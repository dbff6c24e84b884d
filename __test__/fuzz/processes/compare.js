'use strict';

/*
 * Compares a program's output over rust-net with its output over node:net.
 */

/** The memory of rust-net itself plus a margin for chance, in KiB. */
const MOST_MORE = 40 * 1024;

/** True where node's own net stays in place: register is off, or addons are not allowed. */
function leavesNodes({ way, flags, isOff }) {
  if (way !== 'register') return false;
  const model = flags.some((flag) =>
    /^--(?:experimental-)?permission$/.test(flag),
  );
  const hasNoAddons = model && !flags.includes('--allow-addons');
  return isOff || hasNoAddons || flags.includes('--no-addons');
}

/** Returns the lines by the step or fact that they are about. */
function byName({ lines }) {
  const split = lines.map((line) => {
    const isStep = /^(?:early)?\d/.test(line);
    const at = line.indexOf(' ', isStep ? line.indexOf(' ') + 1 : 0);
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return new Map(split);
}

/** Returns the names of the settings that warnings mention. */
function warnedOf(text) {
  const warnings = JSON.parse(text ?? '[]');
  return warnings
    .filter(([code]) => code === 'RUST_NET_SETTING')
    .map(([, message]) => /^RUST_NET_\w+/.exec(message)?.[0])
    .sort();
}

function difference(what, expected, actual) {
  return { what, expected: String(expected), actual: String(actual) };
}

/**
 * @param {any} conditions
 * @param {{ lines: string[], end: string, stderr: string }} expected node's run
 * @param {{ lines: string[], end: string, stderr: string }} actual
 * @returns {{ what: string, expected: string, actual: string }[]}
 */
function compare(conditions, expected, actual) {
  const [theirs, ours] = [byName(expected), byName(actual)];
  const found = [];
  if (expected.end !== actual.end) {
    const said = `${actual.end}: ${actual.stderr.slice(0, 600)}`;
    found.push(difference('end', expected.end, said));
  }
  for (const name of new Set([...theirs.keys(), ...ours.keys()])) {
    if (['memory', 'warned', 'who'].includes(name)) continue;
    const [one, other] = [theirs.get(name), ours.get(name)];
    if (one !== other) found.push(difference(name, one, other));
  }
  const [usual, top] = [theirs, ours].map((lines) =>
    Number(lines.get('memory')),
  );
  if (top > 1.5 * usual + MOST_MORE) {
    found.push(difference('top memory, in KiB', usual, top));
  }
  const isOurs = ours.has('who') && !leavesNodes(conditions);
  const who = String(isOurs);
  if (ours.has('who') && ours.get('who') !== who) {
    found.push(difference('who', who, ours.get('who')));
  }
  if (ours.has('warned')) {
    const odd =
      conditions.isOff && conditions.way === 'register' ? [] : conditions.odd;
    const [due, said] = [
      [...odd].sort().join(),
      warnedOf(ours.get('warned')).join(),
    ];
    if (due !== said) found.push(difference('warnings', due, said));
  }
  return found;
}

module.exports = { compare };
