'use strict';

/*
 * Prints and saves the results of a run: the table, for the terminal and as
 * markdown, and the files.
 */

const fs = require('node:fs');
const path = require('node:path');

// CPU is measured in microseconds per operation; for bytes it is printed in
// seconds per GB.
const cpuScale = (line) => (line.per === 'GB' ? 1000 : 1);

/** Formats a number with three digits, and thousands as a letter. */
function short(value) {
  if (value >= 1e6) return `${short(value / 1e6)}M`;
  if (value >= 1e4) return `${short(value / 1e3)}k`;
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const ratio = (value) => (value == null ? '-' : short(value));

/** Formats a figure in the line's unit. */
function shown(line, value) {
  if (line.unit.startsWith('MB')) return short(value / 1e6);
  return short(line.unit === 's/GB' ? value * 1000 : value);
}

function pair(figure, scale = 1) {
  if (!figure) return '-';
  return `${short(figure.base * scale)} > ${short(figure.value * scale)}`;
}

const verdicts = { missed: 'MISSED', must: 'ok', goal: 'goal', '': '' };

const columns = {
  workload: (line) => line.title,
  'node:net': (line) => shown(line, line.base),
  'rust-net': (line) => shown(line, line.value),
  unit: (line) => line.unit,
  ratio: (line) => `**${short(line.ratio)}**`,
  spread: (line) => `${short(line.low)}-${short(line.high)}`,
  must: (line) => ratio(line.must),
  goal: (line) => ratio(line.goal),
  met: (line) => verdicts[line.verdict],
  CPU: (line) => pair(line.cpu, cpuScale(line)),
  'p50 us': (line) => pair(line.p50),
  'p99 us': (line) => pair(line.p99),
  'top MB': (line) => pair(line.peak, 1 / 2 ** 20),
  load: (line) => busy(line.load),
  again: (line) => (line.again == null ? '-' : `${line.again}`),
};

/** Formats how many cores the load kept busy. */
const busy = (figure) =>
  figure ? `${figure.base.toFixed(2)} > ${figure.value.toFixed(2)}` : '-';

/**
 * Returns the cells of the table, with a column for each variant that any line
 * has.
 */
function cells(lines) {
  const extra = [...new Set(lines.flatMap((line) => Object.keys(line.others)))];
  const head = [...Object.keys(columns), ...extra];
  const body = lines.map((line) => [
    ...Object.values(columns).map((cell) => cell(line)),
    ...extra.map((name) => ratio(line.others[name])),
  ]);
  return [head, ...body];
}

function headline({ node, driver, rounds, seconds, system, loadBefore }) {
  return (
    `Node ${node}, driver: ${driver}, medians of ${rounds} rounds of ` +
    `${seconds} s, ${system}, load average before the run: ${loadBefore}`
  );
}

/**
 * @param {{ about: any, lines: any[] }} result
 */
function printTable({ about, lines }) {
  console.log(`${headline(about)}\n`);
  printCells(
    cells(lines).map((row) => row.map((cell) => cell.replaceAll('**', ''))),
  );
}

/**
 * Prints the ratios of each line to those of the other build that `--against`
 * named.
 *
 * @param {any[]} lines
 */
function printChanges(lines) {
  const shownRatio = (figure) =>
    figure
      ? `${short(figure.ratio)} (${short(figure.low)}-${short(figure.high)})`
      : '-';
  console.log('');
  printCells([
    ['after by before', 'unit', 'ratio', 'CPU'],
    ...lines.map(({ title, unit, changes }) => [
      title,
      unit,
      shownRatio(changes?.value),
      shownRatio(changes?.cpu),
    ]),
  ]);
}

/**
 * Prints a table in aligned columns.
 *
 * @param {string[][]} table the head and the lines
 */
function printCells(table) {
  const widths = table[0].map((_, column) =>
    Math.max(...table.map((row) => row[column].length)),
  );
  for (const row of table) {
    const padded = row.map((cell, column) =>
      column === 0
        ? cell.padEnd(widths[column])
        : cell.padStart(widths[column]),
    );
    console.log(padded.join('  ').trimEnd());
  }
}

/**
 * Returns the table as markdown.
 *
 * @param {string[][]} table the head and the lines
 */
function markdownTable([head, ...body]) {
  const row = (list) => `| ${list.join(' | ')} |`;
  const rule = head.map((_, column) => (column === 0 ? '---' : '--:'));
  return [row(head), row(rule), ...body.map(row)].join('\n');
}

function markdown({ about, lines }, charts) {
  return [
    `# rust-net against node:net on Node ${about.node.slice(1)}`,
    ...charts.map(({ alt, file }) => `![${alt}](${file})`),
    `${headline(about)}, ${about.date}.`,
    'The last columns are ratios to node:net too: rust-net in another mode, ' +
      'bare Rust servers (`epoll`, `tokio`), other runtimes. ' +
      'CPU is in microseconds an operation, or seconds per GB; CPU and ' +
      'latencies are node:net > rust-net. ' +
      'How to read it: [README](../README.md).',
    markdownTable(cells(lines)),
  ].join('\n\n');
}

/** Formats text with Prettier where it is installed. */
async function format(text, parser) {
  try {
    return await require('prettier').format(text, {
      parser,
      singleQuote: true,
    });
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND') throw error;
    return `${text}\n`;
  }
}

/**
 * Returns JSON with one line for each row and each sample, as there are
 * thousands of figures.
 */
function compactJson(result) {
  const lines = [];
  const text = JSON.stringify(
    result,
    (key, value) => {
      const isSample = Number.isFinite(value?.seconds);
      if (!isSample && !['row', 'order'].includes(key)) return value;
      lines.push(JSON.stringify(value));
      return `line ${lines.length - 1}`;
    },
    2,
  );
  return text.replace(/"line (\d+)"/g, (_, index) => lines[index]);
}

/**
 * Writes the result of a pass over the shapes.
 *
 * @param {string} file
 * @param {any} result
 */
function saveJson(file, result) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, `${compactJson(result)}\n`);
  console.log(`\nwritten: ${path.relative(process.cwd(), file)}`);
}

/**
 * Writes a run's files: `BASE.json`, `BASE.md` and the charts.
 *
 * @param {{ about: any, lines: any[] }} result
 * @param {string} base the path without an extension
 * @param {{ alt: string, suffix: string, image: string }[]} charts SVG images,
 *   each to be in `BASE` with its suffix
 */
async function save(result, base, charts) {
  const files = charts.map(({ suffix, ...chart }) => ({
    ...chart,
    file: `${path.basename(base)}${suffix}.svg`,
  }));
  fs.mkdirSync(path.dirname(base), { recursive: true });
  const write = (file, text) =>
    fs.writeFileSync(path.join(path.dirname(base), file), text);
  const name = path.basename(base);
  write(`${name}.json`, await format(JSON.stringify(result, null, 2), 'json'));
  write(`${name}.md`, await format(markdown(result, files), 'markdown'));
  for (const { file, image } of files) write(file, image);
  console.log(`\nwritten: ${path.relative(process.cwd(), base)}.md`);
}

module.exports = {
  cells,
  format,
  markdownTable,
  printCells,
  printChanges,
  printTable,
  save,
  saveJson,
  short,
};
