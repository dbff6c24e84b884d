'use strict';

/*
 * Prints a difference in readable form.
 */

const MOST = 600;
const brief = (text) =>
  text.length > MOST ? `${text.slice(0, MOST)} ...` : text;

function listIn(text) {
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Returns lists from where they first differ, other values as they are. */
function parted(expected, actual) {
  const [theirs, ours] = [expected, actual].map(listIn);
  if (!theirs || !ours) return [expected, actual];
  let at = 0;
  while (at < theirs.length && theirs[at] === ours[at]) at++;
  return [theirs, ours].map((list) => {
    const before = list.slice(Math.max(0, at - 2), at).join(', ');
    return `(${at}) ${before} >>> ${list.slice(at, at + 6).join(', ')}`;
  });
}

/**
 * @param {object} difference
 * @param {string} difference.subject
 * @param {number} difference.seed
 * @param {string} difference.kind
 * @param {{ path: string, expected: string[], actual: string }[]} difference.found
 * @param {object} difference.program
 * @param {string} [difference.errors] the error output of a crashed child
 */
function print({ subject, seed, kind, found, program, errors }) {
  console.log(`\n${subject}, seed ${seed}: ${kind}`);
  for (const { path, expected, actual } of found.slice(0, 4)) {
    const [theirs, ours] = parted(expected[0], actual);
    console.log(
      `  ${path}\n    node: ${brief(theirs)}\n    ours: ${brief(ours)}`,
    );
  }
  if (found.length > 4) {
    console.log(
      `  and ${found
        .slice(4)
        .map(({ path }) => path)
        .join(', ')}`,
    );
  }
  if (errors) console.log(errors);
  console.log(`  ${JSON.stringify(program)}`);
}

module.exports = { print };
