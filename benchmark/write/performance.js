'use strict';

/* Writes the page docs/performance.md. */

const report = require('../harness/report');
const { figure, middle, variantNames, worst } = require('../shapes/figures');
const { lives, names, two } = require('../shapes/report');
const { BASE } = require('../shapes/variants');

const WORST = 10;
const OWN = 'on-loop';

const INTRO = `# How fast rust-net is

\`npm run bench -- --write\` writes this page from the results in
[benchmark/results](../benchmark/results/). [performance-notes.md](performance-notes.md)
says what the figures mean and what limits them, and
[benchmark/README.md](../benchmark/README.md) how they are measured.

Time, CPU and memory are those of the process under test. A ratio is rust-net by
node:net in the same run: **below 1 is better**. It is the median of the runs'
ratios; each run's own is beside it. Memory is the peak of the process, node:net's
and then rust-net's. \`peer\` and \`others\` say how many cores the other end and the
rest of the machine kept busy while node:net was measured. Where the peer is near 1,
it limits the time, and CPU says more. A run in which node:net itself is more than a
third off its median is repeated; it is kept, and not counted.`;

/** \`1.04 (1.01, 1.04, 1.10)\`: the ratio, and each run's. */
function each(found) {
  if (!found) return '-';
  const ratios = found.ratios.map(two).join(', ');
  return `**${two(found.ratio)}** (${ratios})`;
}

const memory = (found) =>
  found
    ? `${(found.base / 2 ** 20).toFixed(0)} > ${(found.value / 2 ** 20).toFixed(0)}`
    : '-';

function columnsOf(variant) {
  const name = names[variant] ?? variant;
  const columns = {
    [`${name}: time`]: (entry) => each(figure(entry, variant, 'seconds')),
    [`${name}: CPU`]: (entry) => each(figure(entry, variant, 'cpu')),
  };
  // The memory of other runtimes is not comparable.
  if (variant !== OWN && variant !== 'threaded') return columns;
  return {
    ...columns,
    [`${name}: MB`]: (entry) => memory(figure(entry, variant, 'memory')),
  };
}

const plural = (count, word) => `${count} ${word}${count === 1 ? '' : 's'}`;

function shapesTable(entries) {
  const columns = {
    shape: ({ row }) => row.title,
    'under test': ({ row }) => row.under,
    'node:net, ms': (entry) =>
      (middle(entry, BASE, 'seconds') * 1000).toFixed(0),
    ...Object.assign({}, ...variantNames(entries).map(columnsOf)),
    peer: (entry) => two(middle(entry, BASE, 'peerBusy')),
    others: (entry) => two(middle(entry, BASE, 'othersBusy')),
    again: ({ runs }) => `${runs.filter((run) => run.again).length}`,
  };
  return report.markdownTable([
    Object.keys(columns),
    ...entries.map((entry) =>
      Object.values(columns).map((cell) => cell(entry)),
    ),
  ]);
}

/** Returns what a pass was measured on. */
function facts({ about }) {
  const peers = Object.entries(about.peers).map(
    ([name, at]) => `${name} ${at}`,
  );
  return (
    `Node ${about.node}, rust-net ${about.version} (${about.commit})` +
    `${peers.length > 0 ? `, ${peers.join(', ')}` : ''}; ${about.system}; ` +
    `${about.machine}; load average before the run ${about.loadBefore}; ` +
    `${plural(about.rounds, 'round')} in ${about.minutes} minutes, ` +
    `${about.started.slice(0, 16).replace('T', ' ')} UTC.`
  );
}

function worstList(entries) {
  const lines = worst(entries, OWN, WORST).map(
    ({ entry, time, cpu }) =>
      `1. \`${entry.row.name}\` (${entry.row.under}: ${entry.row.title}): time ` +
      `${two(time.ratio)}, CPU ${two(cpu.ratio)}`,
  );
  return `The worst of them, by time or CPU:\n\n${lines.join('\n')}`;
}

function pass(title, result) {
  if (!result) return [`### ${title}`, 'Not measured yet.'];
  const { entries, skipped } = result;
  const more = lives(entries).map((line) => `- ${line.join(', ')}`);
  return [
    `### ${title}`,
    facts(result),
    ...(entries.length > WORST ? [worstList(entries)] : []),
    shapesTable(entries),
    ...(more.length > 0 ? [more.join('\n')] : []),
    ...(skipped.length > 0 ? [`Skipped: ${skipped.join(', ')}.`] : []),
  ];
}

/** Returns the table of the workloads, with the project's own targets. */
const workloadsTable = ({ lines }) => report.markdownTable(report.cells(lines));

const image = (chart) => `![Chart: ${chart}](../benchmark/results/${chart})`;

function workloads({ node, workloads: result, charts }) {
  const title = '### Many connections, by a native load';
  if (!result) return [title, 'Not measured yet.'];
  const { about } = result;
  return [
    title,
    `Node ${about.node}; ${plural(about.rounds, 'round')} of ${about.seconds} s; ` +
      `${about.system}; load average before the run ${about.loadBefore}; ` +
      `${about.date}. Here a ratio is one of rates, and more than 1 is better, ` +
      'except where the unit is a time or memory. `must` and `goal` are the ' +
      "project's own targets for the ratio; `met` says which of them it reaches.",
    [`node${node}.svg`, ...charts].map(image).join('\n\n'),
    workloadsTable(result),
  ];
}

function ofNode(kept) {
  const { node, shapes, clients, crosses } = kept;
  return [
    `## Node ${node}`,
    ...pass('Everyday shapes', shapes),
    ...pass('Real clients', clients),
    ...crosses.flatMap((result) =>
      pass(`Shapes picked by seed ${result.about.seed}`, result),
    ),
    ...workloads(kept),
  ];
}

/**
 * @param {any[]} kept results
 * @returns {string} markdown
 */
const performancePage = (kept) => [INTRO, ...kept.flatMap(ofNode)].join('\n\n');

module.exports = { performancePage };
