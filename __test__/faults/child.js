'use strict';

// Runs cases, one after the other, in a process with the engine in it. What it
// is to run comes as JSON in FAULTS_JOB; what it finds goes to stdout, a line each:
//
//   > {case}      it begins
//   + {case}      the call was reached, and failed
//   ! {problems}  what was wrong with it
//   = {counts}    all was run
//
// A case that hangs ends the process, which then has lost its innocence.

const fs = require('node:fs');
const os = require('node:os');

const { asNode, calls, faultsOf, leads, repeats } = require('./outcomes');
const { attempt, net } = require('./play');
const { scenarios, shortCalls } = require('./scenarios');

const hung = 3;
const job = JSON.parse(process.env.FAULTS_JOB ?? '{}');
const options = { modules: job.far === 'rust-net' ? { far: net } : {} };

const say = (mark, what) =>
  fs.writeSync(1, `${mark} ${JSON.stringify(what)}\n`);

/** What the scenario is without a fault, which must be the same twice. */
async function baseline(name) {
  let last;
  const reached = {};
  for (let i = 0; i < 3; i++) {
    const { track, isLate, ...ran } = await attempt(
      scenarios[name],
      [],
      options,
    );
    // What threads do differs from run to run.
    for (const call of calls) reached[call] ||= ran.reached[call] > 0;
    track.checkFlows('unseen');
    const summary = track.summary();
    if (i > 1 && last.summary !== summary) {
      track.fault(`once ${last.summary}, once ${summary}`);
    }
    // The first opens what is opened once.
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
 * The places at which a call is failed: all of them, or in the short form fewer
 * the further on, and there by one errno for all that end alike.
 */
function* places({ isShort, most }, { outcome, isFirst }) {
  const last = isShort && outcome === 'told' && !isFirst ? 1 : most;
  for (let nth = 1; nth <= last; nth = isShort ? 2 * nth : nth + 1) yield nth;
}

function ruleFor(call, fault, nth) {
  const times = repeats[fault] ?? 1;
  return { call, fault: toFault(fault), nth, times: times * (job.times ?? 1) };
}

/** What fails the n-th call; of one that another leads to, the first behind that. */
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
    const rules = rulesFor(call, fault, nth);
    const result = await attempt(scenarios[name], rules, options);
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

/** The calls of a scenario with their faults, behind those that were done. */
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
