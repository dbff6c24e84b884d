'use strict';

/*
 * Makes one measurement of a row: starts fresh processes for both ends, warms
 * up with a share of the work, then does all of it.
 */

const os = require('node:os');
const path = require('node:path');

const { pinned } = require('../harness/pin');
const { BareEnd } = require('./bare');
const { peakMemory } = require('../harness/peak');
const { Program } = require('../harness/program');

/** The warm-up's share of a row's work, unless the row sets it. */
const WARM_UP = 0.25;

const LOOPBACK = '127.0.0.1';
// The backlog. On a Unix socket a connect beyond it fails.
const BACKLOG = 4096;

/**
 * Returns where the two ends meet: the address to listen on and the one to
 * connect to.
 */
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

/** Starts one end. `where` is the address that it listens on or connects to. */
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

/**
 * Starts both ends and returns their programs by name. The end that listens
 * starts first.
 */
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

/** Returns the microseconds that all cores together have been busy. */
const busyMicros = () =>
  os
    .cpus()
    .reduce((sum, { times }) => sum + times.user + times.sys + times.irq, 0) *
  1000;

/** Returns the ends in start order: the end that waits comes first. */
function inOrder(row, { subject, peer }) {
  if (!peer) return [subject];
  const waits = row.work === 'stream' ? otherEnd(row.from) : row.listens;
  return waits === 'subject' ? [subject, peer] : [peer, subject];
}

/** Returns the results of both ends after a share of the row. */
async function results({ subject, peer }) {
  const [result, other] = await Promise.all([
    subject.ask('result'),
    peer?.ask('result'),
  ]);
  const own =
    subject instanceof BareEnd ? await subject.resultBeside(other) : result;
  return [own, other];
}

/** Makes both ends do a share of the row. */
async function work(row, programs, share) {
  const { subject, peer } = programs;
  // The end that listens must be armed first.
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
    // Use the peer's where the peer sends the requests.
    p50: other?.p50,
    p99: other?.p99,
    ...result,
    peerBusy: peerUsed / took,
    othersBusy: Math.max(0, (busy - result.cpu - peerUsed) / took),
  };
}

/** Checks that each end received what the other sent. */
function checkCounts(subject, peer) {
  const pairs = [
    [subject.sent, peer.received],
    [peer.sent, subject.received],
  ];
  // Echo servers, and listeners that answer at once, do not count what they
  // send.
  for (const [sent, received] of pairs) {
    if (sent !== received && sent !== 0) {
      throw new Error(`${sent} bytes sent, ${received} received`);
    }
  }
  if (subject.received + peer.received === 0) throw new Error('no bytes');
}

/** Rounds to the significant digits; counts stay whole. */
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
