'use strict';

/*
 * The ten rows of the README: what people run, whether rust-net does well there or
 * not. What one connection does comes from the shapes, what many do at once from
 * the workloads, whose load is native.
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
 * How many times as fast as node:net a variant is in a row, and how much of its
 * CPU time that takes.
 *
 * @typedef {{ ratio: number, low: number, high: number }} Figure
 * @typedef {{ speed: Figure, cpu: Figure | null }} Comparison
 */

/** Of figures where less is better, those where more is. */
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

/** What rust-net is called in a result: it is there with its default driver. */
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

/** Whether runs were on both sides of node:net. */
const isEven = ({ low, high }) => low <= 1 && high >= 1;

module.exports = { compareRow, isEven, rows };
