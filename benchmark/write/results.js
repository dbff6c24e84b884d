'use strict';

/* The results that are kept: what the pages are written from. */

const fs = require('node:fs');
const path = require('node:path');

const folder = path.join(__dirname, '..', 'results');

/** The Nodes that the pages are about. */
const NODES = [20, 22, 26];

/** A kept result, or null. */
function read(name) {
  const file = path.join(folder, `${name}.json`);
  if (!fs.existsSync(file)) return null;
  return JSON.parse(fs.readFileSync(file, 'utf8'));
}

/** The results of passes over picked shapes on one Node. */
const crossesOf = (node) =>
  fs
    .readdirSync(folder)
    .filter((name) => name.startsWith(`cross-node${node}-`))
    .filter((name) => !name.includes('partial'))
    .map((name) => read(path.basename(name, '.json')));

/** The charts of an echo server by connections and by size, where they are kept. */
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
