'use strict';

/** Writes docs/conformance.md from the results of the matrix. */

const { expectedFile, readExpected } = require('../expected.js');

/**
 * @typedef {object} Run the results of one cell
 * @property {string} suite
 * @property {string} set
 * @property {string} node
 * @property {'rust-net' | 'node'} subject
 * @property {string} driver
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {{ name: string, status: string }[]} results
 */

const INTRO = `<!-- Written by \`npm run test:matrix\`. Do not edit. -->

# Conformance

Node's own tests of \`net\`, run on rust-net and, for comparison, on \`node:net\`
itself: suite release x Node release x driver. A cell has the numbers **passed /
failed / skipped**. A test that never used rust-net counts as failed, no test is
retried, and expected failures count as failures.

On every Node, rust-net has the API and the behaviour of the newest Node; defaults
and messages are those of the running one. A test that expects something else is
listed below with the reason.`;

const SETS = {
  net: {
    title: 'The net set',
    text: 'The tests whose subject is net, or one of its handles.',
  },
  wide: {
    title: 'The wide set',
    text: 'Every other test that requires net: of http, tls, cluster and others.',
  },
  http: {
    title: 'The http set',
    text: "The tests of http with rust-net/register: on rust-net's sockets.",
  },
  https: {
    title: 'The https set',
    text: "The tests of https with rust-net/register: servers are on node's sockets.",
  },
  tls: {
    title: 'The tls set',
    text: "The tests of tls with rust-net/register: servers are on node's sockets.",
  },
  http2: {
    title: 'The http2 set',
    text: "The tests of http2 with rust-net/register: on node's sockets.",
  },
};

const NOT_EXPECTED = '**not expected**';

/** @param {string} version */
const major = (version) => parseInt(version, 10);

/** @param {string[]} cells */
const row = (cells) => `| ${cells.join(' | ')} |`;

/** @param {string[][]} rows with the head */
function table([head, ...body]) {
  return [row(head), row(head.map(() => '---')), ...body.map(row)].join('\n');
}

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => string} key
 * @returns {Map<string, T[]>}
 */
function group(items, key) {
  /** @type {Map<string, T[]>} */
  const groups = new Map();
  for (const item of items) {
    const list = groups.get(key(item));
    if (list) list.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}

/** @param {Run | undefined} run */
function figures(run) {
  if (!run) return '-';
  return `${run.passed} / ${run.failed} / ${run.skipped}`;
}

/**
 * @param {Run[]} runs of one set
 * @returns {string}
 */
function figuresTable(runs) {
  const head = ['Suite', 'Node', 'node:net', 'on-loop', 'threaded'];
  const rows = [...group(runs, ({ suite, node }) => `${suite} ${node}`)].map(
    ([key, cells]) => {
      const [suite, node] = key.split(' ');
      const find = (/** @type {string} */ driver) =>
        figures(cells.find((run) => run.driver === driver));
      const reference = cells.find(({ subject }) => subject === 'node');
      return [
        suite,
        node,
        figures(reference),
        find('on-loop'),
        find('threaded'),
      ];
    },
  );
  return table([head, ...rows]);
}

/**
 * @param {Run} run
 * @returns {string[]} names
 */
function failuresOf(run) {
  const failed = run.results.filter(({ status }) => status === 'failed');
  return failed.map(({ name }) => name);
}

/**
 * @param {Run[]} runs
 * @param {string[]} nodes all majors of the suite, so that "all" can be
 *   abbreviated
 * @returns {string} e.g. `18, 20 (threaded)`
 */
function places(runs, nodes) {
  const byNode = group(runs, ({ node }) => String(major(node)));
  const said = [...byNode].map(([node, cells]) => {
    const [{ subject, driver }] = cells;
    const all = subject === 'node' || cells.length > 1;
    return all ? node : `${node} (${driver})`;
  });
  const everywhere =
    said.length === nodes.length && said.every((text) => /^\d+$/.test(text));
  return everywhere ? 'all' : said.join(', ');
}

/**
 * @param {Run[]} runs the cells in which a test fails
 * @param {string} name
 * @returns {string[]} each reason once
 */
function reasonsFor(runs, name) {
  const reasons = runs.map((run) => {
    const expected = readExpected(expectedFile(run.suite, run.set), run);
    return expected.has(name) ? expected.get(name) : NOT_EXPECTED;
  });
  return [...new Set(reasons)];
}

/**
 * @param {Run[]} runs of one suite and set
 * @returns {string}
 */
function failuresTable(runs) {
  const nodes = [...new Set(runs.map(({ node }) => String(major(node))))];
  const ours = runs.filter(({ subject }) => subject !== 'node');
  const names = [...new Set(ours.flatMap(failuresOf))].sort();
  const head = ['Test', 'Fails on Node', 'node:net fails on', 'Reason'];
  const rows = names.map((name) => {
    const failing = runs.filter((run) => failuresOf(run).includes(name));
    const here = failing.filter(({ subject }) => subject !== 'node');
    const there = failing.filter(({ subject }) => subject === 'node');
    return [
      `\`${name}\``,
      places(here, nodes),
      there.length > 0 ? places(there, nodes) : 'none',
      reasonsFor(here, name).join('; '),
    ];
  });
  return rows.length > 0 ? table([head, ...rows]) : 'None fails.';
}

/**
 * @param {Run[]} runs of one suite and set
 * @returns {string} what node:net fails and rust-net passes, a line a Node
 */
function betterList(runs) {
  const lines = [...group(runs, ({ node }) => node)].map(([node, cells]) => {
    const ours = cells.filter(({ subject }) => subject !== 'node');
    const theirs = cells.find(({ subject }) => subject === 'node');
    if (!theirs || ours.length === 0) return '';
    const failing = new Set(ours.flatMap(failuresOf));
    const names = failuresOf(theirs).filter((name) => !failing.has(name));
    const said = names.map((name) => `\`${name}\``).join(', ');
    return names.length > 0 ? `- Node ${major(node)}: ${said}` : '';
  });
  return lines.filter(Boolean).join('\n');
}

/**
 * @param {string} set
 * @param {Run[]} runs
 * @returns {string[]} paragraphs
 */
function setPart(set, runs) {
  const { title, text } = SETS[set];
  const parts = [`## ${title}`, text, figuresTable(runs)];
  for (const [suite, cells] of group(runs, (run) => run.suite)) {
    parts.push(`### What fails of ${suite}`, failuresTable(cells));
    const better = betterList(cells);
    if (better) {
      parts.push('node:net fails these, and rust-net does not:', better);
    }
  }
  return parts;
}

/**
 * @param {Run[]} runs in the order of the tables
 * @returns {string} Markdown
 */
function conformancePage(runs) {
  const sets = group(runs, ({ set }) => set);
  const parts = [...sets].flatMap(([set, cells]) => setPart(set, cells));
  return `${[INTRO, ...parts].join('\n\n')}\n`;
}

module.exports = { conformancePage };
