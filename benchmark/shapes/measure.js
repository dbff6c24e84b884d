'use strict';

/*
 * One measurement of a row: fresh processes for both ends, a warm-up over some
 * of the work, and then all of it.
 */

const os = require('node:os');
const path = require('node:path');

const { pinned } = require('../harness/pin');
const { BareEnd } = require('./bare');
const { peakMemory } = require('../harness/peak');
const { Program } = require('../harness/program');

/** The share of a row's work that its warm-up is, where the row does not say. */
const WARM_UP = 0.25;

const LOOPBACK = '127.0.0.1';
// A Unix socket has no queue beyond it: connecting fails.
const BACKLOG = 4096;

/** Where the two ends meet: what to listen on, and what to connect to. */
let sockets = 0;
function placeOf({ transport, listens }, { folder, network }) {
  if (transport === 'unix') {
    const file = path.join(folder, `shape${++sockets}`);
    return {
      listen: { path: file, backlog: BACKLOG },
      connect: () => ({ path: file }),
    };
  }
  const { near, far } = network ?? { near: LOOPBACK, far: LOOPBACK };
  const own = transport === 'veth' ? { subject: near, peer: far } : null;
  const host = own ? own[listens] : LOOPBACK;
  return {
    listen: { port: 0, host, backlog: BACKLOG },
    connect: (port) => ({ port, host }),
  };
}

/** Starts one end: `where` is what it listens on or connects to. */
function startEnd(row, variant, context, { end, listens, where }) {
  if (variant.bare) {
    return BareEnd.start(pinned(row, end, variant.command));
  }
  const args = [JSON.stringify(row), JSON.stringify({ end, listens, where })];
  const isAway = row.transport === 'veth' && end === 'peer';
  const command = pinned(row, end, [...variant.command, ...args]);
  return Program.start(
    isAway ? [...context.network.enter, ...command] : command,
    variant.env,
  );
}

/** The programs of both ends, by name; the one that listens is started first. */
async function startEnds(row, variant, context) {
  const variants = { subject: variant, peer: context.peer };
  const programs = {};
  const start = async (end, listens, where) => {
    const place = { end, listens, where };
    programs[end] = await startEnd(row, variants[end], context, place);
  };
  try {
    if (row.work === 'library') {
      await start('subject', false, row.where);
    } else {
      const place = placeOf(row, context);
      await start(row.listens, true, place.listen);
      const { port } = programs[row.listens].ready;
      await start(otherEnd(row.listens), false, place.connect(port));
    }
  } catch (error) {
    for (const program of Object.values(programs)) program.kill();
    throw error;
  }
  return programs;
}

const otherEnd = (end) => (end === 'subject' ? 'peer' : 'subject');

/** The microseconds that all cores together have been busy. */
const busyMicros = () =>
  os
    .cpus()
    .reduce((sum, { times }) => sum + times.user + times.sys + times.irq, 0) *
  1000;

/** The ends in the order to start them in: first the one that waits. */
function inOrder(row, { subject, peer }) {
  if (!peer) return [subject];
  const waits = row.work === 'stream' ? otherEnd(row.from) : row.listens;
  return waits === 'subject' ? [subject, peer] : [peer, subject];
}

/** What both ends say when a share of the row is done. */
async function results({ subject, peer }) {
  const [result, other] = await Promise.all([
    subject.ask('result'),
    peer?.ask('result'),
  ]);
  const own =
    subject instanceof BareEnd ? await subject.resultBeside(other) : result;
  return [own, other];
}

/** Has both ends do a share of the row. */
async function work(row, programs, share) {
  const { subject, peer } = programs;
  // The one that listens has to know first.
  const ends = row.listens === 'peer' ? [peer, subject] : [subject, peer];
  for (const end of ends) await end?.ask(`arm ${share}`);
  await Promise.all(ends.map((end) => end?.ask('opened')));
  const before = await peer?.ask('usage');
  const [since, busyBefore] = [performance.now(), busyMicros()];
  for (const end of inOrder(row, programs)) await end.ask('start');
  const [result, other] = await results(programs);
  const took = (performance.now() - since) * 1000;
  const busy = busyMicros() - busyBefore;
  const peerUsed = peer ? (await peer.ask('usage')).cpu - before.cpu : 0;
  if (peer) checkCounts(result, other);
  return {
    // The peer's where it is the peer that asks.
    p50: other?.p50,
    p99: other?.p99,
    ...result,
    peerBusy: peerUsed / took,
    othersBusy: Math.max(0, (busy - result.cpu - peerUsed) / took),
  };
}

/** What one end has sent, the other must have received. */
function checkCounts(subject, peer) {
  const pairs = [
    [subject.sent, peer.received],
    [peer.sent, subject.received],
  ];
  // An echo and a listener that answers at once do not count what they send.
  for (const [sent, received] of pairs) {
    if (sent !== received && sent !== 0) {
      throw new Error(`${sent} bytes sent, ${received} received`);
    }
  }
  if (subject.received + peer.received === 0) throw new Error('no bytes');
}

/** As many digits as mean something; counts are whole. */
const round = (value) =>
  typeof value !== 'number' || Number.isInteger(value)
    ? value
    : Number(value.toPrecision(5));

const rounded = (sample) =>
  Object.fromEntries(
    Object.entries(sample).map(([name, value]) => [name, round(value)]),
  );

/**
 * @param {any} row
 * @param {{ name: string, command: string[], env?: Record<string, string> }} variant
 * @param {{ peer: { command: string[] }, folder: string, network?: any,
 *   scale: number, warmsUp: boolean }} context
 * @returns {Promise<Record<string, number>>} `seconds`, `cpu` in microseconds,
 *   `memory` at the top in bytes, the bytes `sent` and `received`, and how many
 *   cores the peer (`peerBusy`) and other processes (`othersBusy`) kept busy
 */
async function measure(row, variant, context) {
  const programs = await startEnds(row, variant, context);
  try {
    if (context.warmsUp) {
      const share = row.warmUp ?? WARM_UP;
      await work(row, programs, context.scale * share);
    }
    const sample = await work(row, programs, context.scale);
    if (row.work === 'library' && sample.swapped !== Boolean(variant.swaps)) {
      throw new Error(`net is ${sample.swapped ? 'swapped' : "node's own"}`);
    }
    sample.memory = peakMemory(programs.subject.ready.pid);
    for (const program of Object.values(programs)) await program.stop();
    return rounded(sample);
  } finally {
    for (const program of Object.values(programs)) program.kill();
  }
}

module.exports = { measure };
