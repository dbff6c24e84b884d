'use strict';

// Maintains the table of docs/reliability.md: one row for each layer, written
// by the tool that ran it.

const fs = require('node:fs');
const path = require('node:path');

const root = path.resolve(__dirname, '..');
const file = path.join(root, 'docs', 'reliability.md');
const columns = ['layer', 'command', 'date', 'counts', 'seed', 'result'];
const preamble = `# Reliability

Attempts to break rust-net, with their dates and results. Each command writes its own
row.
`;

/** @returns {Record<string, string>[]} the rows of a text, in its order */
function rowsOf(text) {
  return text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => {
      const cells = line.split(/(?<!\\)\|/).slice(1, -1);
      const values = cells.map((cell) => cell.trim());
      return Object.fromEntries(columns.map((name, i) => [name, values[i]]));
    });
}

const line = (cells) => `| ${cells.join(' | ')} |`;

// The table is the lines that begin with a bar; the rest of the page is kept.
function withRows(text, rows) {
  const table = [
    line(columns),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map((name) => row[name] ?? ''))),
  ];
  const lines = text.trimEnd().split('\n');
  const first = lines.findIndex((each) => each.startsWith('|'));
  const others = lines.filter((each) => !each.startsWith('|'));
  if (first < 0) return [...others, '', ...table].join('\n');
  others.splice(first, 0, ...table);
  return others.join('\n');
}

/**
 * Writes a row, and replaces the one of the same layer.
 *
 * @param {{ layer: string, command: string, counts: string, seed: string,
 *   result: string, date?: string }} row in plain text; \`date\` is today's
 *   where it is left out
 */
async function record(row) {
  const text = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : preamble;
  const date = new Date().toISOString().slice(0, 10);
  const cells = Object.entries({ date, ...row }).map(([name, value]) => [
    name,
    value.replaceAll('|', '\\|').replaceAll('\n', ' '),
  ]);
  const made = Object.fromEntries(cells);
  made.command = `\`${row.command}\``;
  const rows = rowsOf(text);
  const place = rows.findIndex(({ layer }) => layer === made.layer);
  if (place < 0) rows.push(made);
  else rows[place] = made;
  // Format it as `npm run lint` requires. Required late, because Prettier may
  // not be installed.
  const { format } = require('prettier');
  const styled = await format(withRows(text, rows), {
    parser: 'markdown',
    singleQuote: true,
  });
  fs.writeFileSync(file, styled);
}

module.exports = { record };
