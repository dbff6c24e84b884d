'use strict';

// A model-based fuzz: plays random programs of socket operations on both ends
// of some connections. It plays them over node:net, and over rust-net with each
// of its drivers and settings. The outcomes must be the same.
//
//   node __test__/fuzz/model.js [--seed N] [--programs N] [--seconds N] [--short]
//     [--subject NAME,...] [--lanes N] [--most N] [--no-shrink] [--node PATH]
//     [--module FOLDER] [--program FILE] [--results FILE] [--record]
//
// --short is what the gate runs, in 40 seconds. --module names another checkout, whose rust-net
// is judged; RUST_NET_BINARY its binary. --program plays one program from a file.
// --most is how many differences end the run. The last line is the result as JSON;
// --results also appends it to a file. --record writes the row of docs/reliability.md for
// the Node that plays: of this run, or with --results of all its runs in that file.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');

const { kindOf } = require('./model/compare');
const { Children } = require('./model/children');
const { generate } = require('./model/generate');
const { judge, Reference, stillDiffers } = require('./model/judge');
const { optionsFrom } = require('./model/options');
const { print } = require('./model/print');
const { recordRow } = require('./model/record');
const { SECONDS, shrink } = require('./model/shrink');
const { namesOf, playersOf } = require('./model/subjects');

/** The findings of a run. */
class Findings {
  constructor() {
    Object.assign(this, { programs: {}, known: {}, unsteady: {} });
    this.differences = [];
    /** By kind: how many runs needed which further runs of node. */
    this.hows = {};
    /** Seeds of programs that differ. */
    this.seeds = new Set();
  }

  /** Adds a program's seed to a list. */
  note(list, name, { seed }) {
    const seeds = (this[list][name] ??= []);
    if (!seeds.includes(seed)) seeds.push(seed);
  }

  count(name) {
    this.programs[name] = (this.programs[name] ?? 0) + 1;
  }

  /**
   * Returns true for the first program of a kind over a subject; one is enough.
   */
  isNew(name, kind) {
    return !this.differences.some(
      (one) => one.subject === name && one.kind === kind,
    );
  }
}

/** Returns the program, shrunk where there is time for it. */
async function shrunk(program, fails, { shrinks, until }) {
  const end = Math.min(Date.now() + SECONDS * 1000, until);
  return shrinks ? shrink(program, fails, end) : program;
}

/** Returns the differences of a shrunk program; none where time is over. */
async function foundIn(program, { children, name, options }) {
  if (Date.now() >= options.until) return [];
  const { steady } = await judge(children, name, program);
  return steady;
}

async function report(
  found,
  { children, name, program, findings, options, errors },
) {
  const kind = kindOf(found[0]);
  findings.seeds.add(program.seed);
  if (!findings.isNew(name, kind)) {
    console.log(`${name}, seed ${program.seed}: ${kind} once more`);
    return;
  }
  const difference = { subject: name, seed: program.seed, kind };
  findings.differences.push(difference);
  const fails = stillDiffers(children, name, kind);
  const small = await shrunk(program, fails, options);
  const now = await foundIn(small, { children, name, options });
  const isSeen = now.length > 0;
  print({
    ...difference,
    found: isSeen ? now : found,
    program: isSeen ? small : program,
    errors,
  });
}

async function playOne(program, names, children, findings, options) {
  const reference = new Reference(children, program);
  for (const name of names) {
    const { steady, unsteady, known, how, errors } = await judge(
      ...[children, name, program, reference],
    );
    findings.count(name);
    findings.hows[how] = (findings.hows[how] ?? 0) + 1;
    for (const one of known) findings.note('known', one.known, program);
    for (const one of unsteady.slice(0, 1)) {
      findings.note('unsteady', kindOf(one), program);
    }
    if (steady.length === 0) continue;
    await report(steady, {
      children,
      name,
      program,
      findings,
      options,
      errors,
    });
  }
}

async function lane(next, options, findings) {
  const children = new Children(options);
  const all = namesOf(options.subject);
  try {
    for (let seed = next(); seed !== undefined; seed = next()) {
      const program = generate(seed);
      await playOne(program, playersOf(all, seed), children, findings, options);
    }
  } finally {
    children.stop();
  }
}

async function random(options, findings) {
  const end = Date.now() + options.seconds * 1000;
  let done = 0;
  const next = () => {
    const isEnough = findings.differences.length >= options.most;
    if (done >= options.programs || Date.now() >= end || isEnough) {
      return undefined;
    }
    return options.seed + done++;
  };
  const lanes = Array.from({ length: options.lanes }, () =>
    lane(next, options, findings),
  );
  await Promise.all(lanes);
  return done;
}

async function replay(options, findings) {
  const program = JSON.parse(fs.readFileSync(options.program, 'utf8'));
  const children = new Children(options);
  const chosen = { ...options, shrinks: false };
  await playOne(program, namesOf(options.subject), children, findings, chosen);
  children.stop();
  return 1;
}

function versionOf(node) {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
}

/** Returns the number of programs in lists of seeds. */
function countSeeds(lists) {
  return new Set(Object.values(lists).flat()).size;
}

function resultOf(findings, { programs, options, start }) {
  const { differences, seeds, known, unsteady } = findings;
  const counts = { programs, differ: seeds.size, known: countSeeds(known) };
  return {
    layer: 'model fuzz',
    date: new Date().toISOString(),
    node: versionOf(options.node),
    counts: { ...counts, runs: findings.programs, by: findings.hows },
    seconds: Math.round((Date.now() - start) / 1000),
    seeds: { first: options.seed, last: options.seed + programs - 1 },
    ...{ differences, known, unsteady },
    result: differences.length === 0 ? 'passed' : 'failed',
  };
}

/** Adds a result to a file, and returns all results of the same Node in it. */
function added(file, result) {
  fs.appendFileSync(file, `${JSON.stringify(result)}\n`);
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  const all = lines.map((line) => JSON.parse(line));
  return all.filter(({ node }) => node === result.node);
}

async function main() {
  const options = optionsFrom(process.argv.slice(2));
  const findings = new Findings();
  const start = Date.now();
  console.log(`seed ${options.seed}`);
  const run = options.program ? replay : random;
  const programs = await run(options, findings);
  const result = resultOf(findings, { programs, options, start });
  console.log(JSON.stringify(result));
  const results = options.results ? added(options.results, result) : [result];
  if (options.records) await recordRow(results);
  process.exitCode = result.result === 'passed' ? 0 : 1;
}

if (require.main === module) main();
