'use strict';

/*
 * Plays a case on node:net and on rust-net, and compares them.
 */

const { Ends } = require('./judge');
const { subjects } = require('./start');

const cases = {
  descriptors: require('./cases/descriptors'),
  'address-space': require('./cases/address-space'),
  memory: require('./cases/memory'),
  watches: require('./cases/watches'),
  refused: require('./cases/refused'),
  'slow-peers': require('./cases/slow-peers'),
  unread: require('./cases/unread'),
};

/** Returns why a case cannot be played here; undefined if it can. */
function reasonToSkip(name) {
  if (process.platform !== 'linux') return 'the limits are those of Linux';
  return cases[name].reasonForNone?.();
}

const list = (names) => [...new Set(names)].join(', ') || 'none';

/** Compares ends with those of node:net. */
function compareEnds(nodes, found) {
  const [problems, equal] = [[], []];
  let runs = 0;
  for (const [name, ends] of found) {
    const compared = ends.compare(nodes.get(name));
    problems.push(...compared.problems);
    equal.push(...compared.equal.map((end) => `${name} ${end}`.trim()));
    runs += ends.runs;
  }
  const seen = new Set(
    [...found.values()].flatMap(({ seen }) => [...seen.keys()]),
  );
  const counts = `${runs} runs: ${list([...seen].sort())}`;
  return { problems, equal, counts };
}

/** A case is one list of ends, or one for each name. */
const named = (played) =>
  played instanceof Ends ? new Map([['', played]]) : played;

/**
 * Plays a case.
 *
 * @param {string} name
 * @param {{ isShort: boolean, drivers: string[], beside?: boolean }} options `beside`
 *   is false where node:net need not be played
 * @returns {Promise<{ title: string, lines: string[], problems: string[] }>}
 */
async function playCase(name, options) {
  const { title, play } = cases[name];
  const { node, ours } = subjects(options.drivers);
  const lines = [];
  const problems = [];
  const nodes = await play(node, options);
  const isEnds = nodes.counts === undefined;
  const seenByNode = isEnds ? named(nodes) : undefined;
  lines.push(
    `node:net: ${isEnds ? compareEnds(seenByNode, seenByNode).counts : nodes.counts}`,
  );
  for (const subject of ours) {
    const played = await play(subject, options);
    const found = isEnds ? compareEnds(seenByNode, named(played)) : played;
    problems.push(...found.problems.map((each) => `${subject.name}: ${each}`));
    const as =
      found.equal?.length > 0 ? `; as node:net: ${list(found.equal)}` : '';
    lines.push(`${subject.name}: ${found.counts}${as}`);
  }
  return { title, lines, problems };
}

module.exports = { cases, playCase, reasonToSkip };
