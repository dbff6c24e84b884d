'use strict';

/*
 * The ten rows of the README: what people run, whether rust-net does well there
 * or not. Rows about one connection come from the shapes. Rows about many come
 * from the workloads, whose load is native.
 */

const { compare } = require('../harness/statistics');
const { figure } = require('../shapes/figures');

const rows = [
  ['shapes', 'ping', 'One connection, one request at a time'],
  ['workloads', 'echo-64', 'Echo, 64 connections, 64 B'],
  ['workloads', 'http', 'node:http on its sockets, 64 connections'],
  ['shapes', 'ask', 'Connect, ask, 1 KiB answer, close'],
  ['shapes', 'read-data', "Reading a bulk by 'data'"],
  ['shapes', 'write-64k', 'Writing Buffers of 64 KiB'],
  ['shapes', 'string-64k', 'Writing strings of 64 KiB'],
  ['workloads', 'pipe', '`socket.pipe(socket)`, 64 connections'],
  ['clients', 'ioredis-one', 'ioredis, one command at a time'],
  ['clients', 'pg-one-10', 'pg, ten queries at a time'],
].map(([from, name, title]) => ({ from, name, title }));

/**
 * The speed of a variant in a row as a multiple of node:net's, and its CPU time
 * as one.
 *
 * @typedef {{ ratio: number, low: number, high: number }} Figure
 * @typedef {{ speed: Figure, cpu: Figure | null }} Comparison
 */

/** Inverts figures where less is better. */
const turned = ({ ratio, low, high }) => ({
  ratio: 1 / ratio,
  low: 1 / high,
  high: 1 / low,
});

function ofWorkload({ lines }, name, variant) {
  const line = lines.find(({ row, samples }) => row === name && samples);
  const samples = line?.samples[variant];
  if (!samples) return null;
  const speed = compare(line.samples.node, samples, 'value');
  return { speed, cpu: compare(line.samples.node, samples, 'cpu') };
}

function ofShape({ entries }, name, variant) {
  const entry = entries.find(({ row }) => row.name === name);
  const time = entry && figure(entry, variant, 'seconds');
  if (!time) return null;
  return { speed: turned(time), cpu: figure(entry, variant, 'cpu') };
}

/** rust-net's name in each kind of result, with its default driver. */
const ownName = { workloads: 'default', shapes: 'on-loop', clients: 'on-loop' };

/**
 * @param {any} kept the results of one Node
 * @param {{ from: string, name: string }} row of `rows`
 * @param {string} variant 'rust-net', 'bun' or 'deno'
 * @returns {Comparison | null} null where it was not measured
 */
function compareRow(kept, { from, name }, variant) {
  const result = kept[from];
  if (!result) return null;
  const measured = variant === 'rust-net' ? ownName[from] : variant;
  const find = from === 'workloads' ? ofWorkload : ofShape;
  return find(result, name, measured);
}

/** Returns true if node:net's value lies within the spread. */
const isEven = ({ low, high }) => low <= 1 && high >= 1;

module.exports = { compareRow, isEven, rows };
