'use strict';

/* The kept results, from which the pages are written. */

const fs = require('node:fs');
const path = require('node:path');

const folder = path.join(__dirname, '..', 'results');

/** The Node majors that the pages cover. */
const NODES = [20, 22, 26];

/** Returns a kept result, or null. */
function read(name) {
  const file = path.join(folder, `${name}.json`);
  if (!fs.existsSync(file)) return null;
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** Returns the results of `--cross` passes on one Node. */
const crossesOf = (node) =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`cross-node${node}-`))
    .filter((name) => !name.includes('partial'))
    .map((name) => read(path.basename(name, '.json')));

/**
 * Returns the kept charts of an echo server by connections and by message size.
 */
const chartsOf = (node) =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`node${node}-scaling-`))
    .filter((name) => name.endsWith('.svg'));

/**
 * @returns {{ node: number, workloads: any, shapes: any, clients: any,
 *   crosses: any[], charts: string[] }[]} what is kept for each Node; null where nothing is
 */
function keptResults() {
  return NODES.map((node) => ({
    node,
    workloads: read(`node${node}`),
    shapes: read(`shapes-node${node}`),
    clients: read(`clients-node${node}`),
    crosses: crossesOf(node),
    charts: chartsOf(node),
  }));
}

module.exports = { NODES, keptResults };
