'use strict';

// Runs cases, one after the other, in a process with the fault engine. FAULTS_JOB
// says what to run, as JSON. The results go to stdout, one on each line:
//
//   > {case}      the case begins
//   + {case}      the call was reached, and failed
//   ! {problems}  what was wrong with the case
//   = {counts}    the scenario is complete
//
// A case that hangs ends the process, as it may affect the cases after it.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const node = require('node:net');

const { engine } = require('./engine');
const { asNode, calls, faultsOf, leads, repeats } = require('./outcomes');
const { scenarios, shortCalls } = require('./scenarios');
const { Track } = require('./track');

const net = require('../..');
const bridge = require('../../bridge');
const native = require('../../lib/handle/native');

const limit = 8000;
const hung = 3;
const job = JSON.parse(process.env.FAULTS_JOB ?? '{}');
const faults = engine();
const far = job.far === 'rust-net' ? net : node;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-faults-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const say = (mark, what) =>
  fs.writeSync(1, `${mark} ${JSON.stringify(what)}\n`);
const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

/** The track of the running case. */
let current;
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    current.fault(`${event}: ${error?.stack ?? error}`);
    current.destroy();
  });
}

/** Returns all open descriptors, sockets and others, by number. */
function descriptors() {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      // This was the descriptor that read the folder itself.
      return [];
    }
  });
}

/** Returns the number of rust-net's sockets and servers. */
function handles() {
  const { sockets, servers } = net.getStats();
  return sockets + servers;
}

/**
 * Waits until no more descriptors are open than before. Returns those left
 * after half a second.
 */
async function leftOpen(before) {
  const until = Date.now() + 500;
  for (;;) {
    const now = descriptors();
    if (now.length <= before.length) return [];
    const left = now.filter((it) => !before.includes(it));
    // Relays share one pipe, which is closed after a failure.
    if (left.length === 2 && left.every((it) => /pipe:/.test(it))) return [];
    if (Date.now() > until) return left;
    await nextIteration();
  }
}

async function play(name, track) {
  const context = { net, far, bridge, native, track, folder };
  try {
    await scenarios[name](context);
  } catch (error) {
    track.told('scenario', error);
    track.destroy();
  }
  track.setUp();
  await track.over;
}

function inTime(promise) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(true), limit);
  });
  const done = promise.then(() => false);
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/** Runs a scenario under some rules, and returns its outcome. */
async function attempt(name, rules = []) {
  const before = descriptors();
  const had = handles();
  const track = new Track();
  current = track;
  faults.arm(...rules);
  const isLate = await inTime(play(name, track));
  const struck = faults.struck();
  const reached = faults.reached();
  if (isLate) {
    const { pending, errors, closes } = track;
    const told = JSON.stringify({ errors, closes });
    track.fault(`it does not end; ${pending.call(track)}; ${told}`);
    return { track, struck, reached, isLate };
  }
  for (let i = 0; i < 2; i++) await nextIteration();
  const left = await leftOpen(before);
  if (left.length > 0) track.fault(`left open: ${left.join(', ')}`);
  const more = handles() - had;
  if (more > 0) track.fault(`${more} handles are left`);
  faults.arm();
  return { track, struck, reached, isLate };
}

/**
 * Runs the scenario three times without a fault. The last two outcomes must be
 * the same.
 */
async function baseline(name) {
  let last;
  const reached = {};
  for (let i = 0; i < 3; i++) {
    const { track, isLate, ...ran } = await attempt(name);
    // The calls of other threads differ from run to run.
    for (const call of calls) reached[call] ||= ran.reached[call] > 0;
    track.checkFlows('unseen');
    const summary = track.summary();
    if (i > 1 && last.summary !== summary) {
      track.fault(`once ${last.summary}, once ${summary}`);
    }
    // The first run opens what is opened only once.
    const problems = i === 0 ? [] : track.problems;
    last = { summary, reached, problems };
    if (isLate) return { ...last, problems: track.problems, isLate };
  }
  return last;
}

function judge({ track }, { scenario, call, fault, outcome }, expected) {
  track.checkFlows(outcome);
  const summary = track.summary();
  if (summary === expected) return;
  const { errors } = track;
  if (asNode[scenario]?.[call]) return;
  if (outcome === 'unseen') {
    track.fault(`seen: ${summary}, without it ${expected}`);
  } else if (outcome !== 'shed' && errors.length === 0) {
    track.fault(`${fault} was told to nobody: ${summary}`);
  }
}

const toFault = (fault) =>
  /^E/.test(fault) ? os.constants.errno[fault] : fault;

/**
 * Yields the numbers of the calls to fail. The short form skips ever more of
 * them, and fails calls that end alike with one errno only.
 */
function* places({ isShort, most }, { outcome, isFirst }) {
  const last = isShort && outcome === 'told' && !isFirst ? 1 : most;
  for (let nth = 1; nth <= last; nth = isShort ? 2 * nth : nth + 1) yield nth;
}

function ruleFor(call, fault, nth) {
  const times = repeats[fault] ?? 1;
  return { call, fault: toFault(fault), nth, times: times * (job.times ?? 1) };
}

/**
 * Returns the rules that fail the n-th call. For a call made only after another
 * fails, the rules fail that one first.
 */
function rulesFor(call, fault, nth) {
  const lead = leads[call];
  if (!lead) return [ruleFor(call, fault, nth)];
  const first = { ...ruleFor(lead.call, lead.fault, nth), times: lead.times };
  return [first, ruleFor(call, fault, 1)];
}

async function sweepFault(name, call, one, expected, counts) {
  const { fault, outcome } = one;
  for (const nth of job.nth ? [job.nth] : places(job, one)) {
    const what = { scenario: name, call, fault, nth };
    say('>', what);
    const result = await attempt(name, rulesFor(call, fault, nth));
    if (result.struck === 0 && result.track.problems.length === 0) return;
    judge(result, { ...what, outcome }, expected);
    counts.cases += 1;
    say('+', what);
    const { problems } = result.track;
    if (problems.length > 0) {
      problems.push(`in all: ${result.track.summary()}`);
      say('!', { ...what, outcome, problems });
    }
    if (result.isLate) process.exit(hung);
  }
}

/**
 * Returns the calls of a scenario with their faults, from the first that is not
 * done yet.
 */
function groupsOf(name, reached) {
  const all = calls.flatMap((call) =>
    faultsOf(call).map((one) => ({ call, ...one })),
  );
  const wanted = (job.isShort && shortCalls[name]) || calls;
  const { after } = job;
  const done =
    after?.scenario === name
      ? all.findIndex(
          (it) => it.call === after.call && it.fault === after.fault,
        )
      : -1;
  return all
    .slice(done + 1)
    .filter(({ call }) => reached[leads[call]?.call ?? call])
    .filter(({ call }) => wanted.includes(call))
    .filter(({ call }) => !job.call || job.call === call)
    .filter(({ fault }) => !job.fault || job.fault === fault);
}

async function sweep(name, counts) {
  const { summary, reached, problems, isLate } = await baseline(name);
  for (const call of Object.keys(reached)) {
    if (reached[call]) counts.reached[call] = true;
  }
  if (problems.length > 0) say('!', { scenario: name, problems });
  if (isLate) process.exit(hung);
  for (const { call, ...one } of groupsOf(name, reached)) {
    await sweepFault(name, call, one, summary, counts);
  }
}

async function main() {
  const names = job.scenarios ?? Object.keys(scenarios);
  for (const name of names) {
    const counts = { scenario: name, cases: 0, reached: {} };
    await sweep(name, counts);
    say('=', counts);
  }
}

main();
