'use strict';

/*
 * Runs `--shapes`, `--cross` and `--clients`: a pass, its table, and the saved
 * results.
 */

const path = require('node:path');

const { canPin } = require('../harness/pin');
const { printCells, saveJson } = require('../harness/report');
const { clientRows, startServers } = require('./clients');
const { crossRows } = require('./cross');
const { describe } = require('./machine');
const { makeNetwork } = require('./network');
const { cells, changes, lives } = require('./report');
const { runPass } = require('./rounds');
const { shapes } = require('./table');
const { peerOf } = require('./variants');

/** The rows of each kind of pass. */
const rowsOf = {
  shapes: () => shapes,
  cross: ({ cross, seed }) => crossRows(cross, seed),
  clients: () => clientRows,
};

/**
 * Creates the network that rows need; returns null where none is needed or
 * permitted.
 */
function networkFor(rows) {
  if (rows.every(({ transport }) => transport !== 'veth')) return null;
  try {
    return makeNetwork();
  } catch (error) {
    console.error(`skipped, no network of its own: ${error.message}`);
    return null;
  }
}

/** Selects rows by name. */
function select(rows, only) {
  if (only === undefined) return rows;
  return only.split(',').map((name) => {
    const found = rows.find((row) => row.name === name);
    if (found) return found;
    const names = rows.map((row) => row.name).join(', ');
    throw new Error(`no row '${name}': ${names}`);
  });
}

// A published result is the median of at least this many runs.
const FEWEST_ROUNDS = 3;

/**
 * Names the file of a pass after its kind, the Node and, for `--cross`, its
 * seed.
 */
function nameOf(kind, about, options) {
  const { seed, cross, driver, only, against, scale, rounds } = options;
  const parts = [kind, `node${about.node.slice(1).split('.')[0]}`];
  if (kind === 'cross') parts.push(`${cross}`, `seed${seed}`);
  if (driver) parts.push(driver);
  const isComplete = !only && scale === 1 && rounds >= FEWEST_ROUNDS;
  const isWhole = isComplete && !against;
  if (!isWhole) parts.push('partial');
  return parts.join('-');
}

function print({ about, entries, skipped }, { against }) {
  const { node, commit, system, machine, loadBefore, rounds } = about;
  console.log(
    `Node ${node}, rust-net ${commit}, ${rounds} rounds, ${system}, ` +
      `${machine}, load average before the run: ${loadBefore}\n`,
  );
  printCells(cells(entries));
  for (const line of lives(entries)) console.log(line.join(', '));
  if (against) {
    console.log('');
    printCells(changes(entries));
  }
  if (skipped.length > 0) console.log(`skipped: ${skipped.join(', ')}`);
}

/**
 * @param {'shapes' | 'cross' | 'clients'} kind
 * @param {any} options of the run, with `load` and `folder`
 * @param {string} results the folder of what is kept
 */
async function runShapes(kind, options, results) {
  const selected = select(rowsOf[kind](options), options.only);
  if (kind === 'cross') console.log(`seed ${options.seed}`);
  const about = describe(options);
  const network = networkFor(selected);
  const servers =
    kind === 'clients' ? await startServers(selected, options) : null;
  const rows = (servers?.rows ?? selected).filter(
    (row) => (network || row.transport !== 'veth') && canPin(row),
  );
  const { folder, scale, quick } = options;
  const peer = peerOf(options);
  const context = { folder, scale, warmsUp: !quick, network, peer };
  const start = performance.now();
  try {
    const entries = await runPass(rows, options, context);
    const minutes = (performance.now() - start) / 60_000;
    const skipped = selected
      .map(({ name }) => name)
      .filter((name) => !rows.some((row) => row.name === name));
    const seed = kind === 'cross' ? options.seed : undefined;
    const result = {
      about: { ...about, kind, seed, minutes: Number(minutes.toFixed(1)) },
      skipped,
      entries,
    };
    print(result, options);
    if (!options.quick) {
      const file = path.join(results, nameOf(kind, about, options));
      saveJson(`${file}.json`, result);
    }
    return result;
  } finally {
    network?.remove();
    await servers?.stop();
  }
}

module.exports = { rowsOf, runShapes };
