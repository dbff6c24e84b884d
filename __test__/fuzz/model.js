'use strict';

// A model-based fuzz: plays random programs of socket operations on both ends
// of some connections. It plays them over node:net, and over rust-net with each
// of its drivers and settings. The outcomes must be the same.
//
//   node __test__/fuzz/model.js [--seed N] [--programs N] [--seconds N] [--short]
//     [--subject NAME,...] [--lanes N] [--most N] [--no-shrink] [--node PATH]
//     [--module FOLDER] [--program FILE]
//
// --short is what the gate runs. --module names another checkout, whose rust-net
// is judged; RUST_NET_BINARY its binary. --program plays one program from a file.
// --most is how many differences end the run. The last line is the result as JSON.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');

const { kindOf } = require('./model/compare');
const { Children } = require('./model/children');
const { generate } = require('./model/generate');
const { judge, Reference, stillDiffers } = require('./model/judge');
const { optionsFrom } = require('./model/options');
const { print } = require('./model/print');
const { shrink } = require('./model/shrink');
const { namesOf, playersOf } = require('./model/subjects');

/** The findings of a run. */
class Findings {
  constructor() {
    Object.assign(this, { programs: {}, known: {}, unsteady: {} });
    this.differences = [];
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

async function report(
  found,
  { children, name, program, findings, options, errors },
) {
  const kind = kindOf(found[0]);
  if (!findings.isNew(name, kind)) return;
  const difference = { subject: name, seed: program.seed, kind };
  findings.differences.push(difference);
  const fails = stillDiffers(children, name, kind);
  const small = options.shrinks ? await shrink(program, fails) : program;
  const { steady } = await judge(children, name, small);
  print({
    ...difference,
    found: steady.length > 0 ? steady : found,
    program: small,
    errors,
  });
}

async function playOne(program, names, children, findings, options) {
  const reference = new Reference(children, program);
  for (const name of names) {
    const { steady, unsteady, known, errors } = await judge(
      ...[children, name, program, reference],
    );
    findings.count(name);
    for (const one of known) {
      findings.known[one.known] = (findings.known[one.known] ?? 0) + 1;
    }
    for (const one of unsteady.slice(0, 1)) {
      (findings.unsteady[kindOf(one)] ??= []).push(program.seed);
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

async function main() {
  const options = optionsFrom(process.argv.slice(2));
  const findings = new Findings();
  const start = Date.now();
  console.log(`seed ${options.seed}`);
  const run = options.program ? replay : random;
  const programs = await run(options, findings);
  const { differences, known, unsteady } = findings;
  const isGood = differences.length === 0;
  console.log(
    JSON.stringify({
      layer: 'model fuzz',
      date: new Date().toISOString(),
      node: versionOf(options.node),
      counts: { programs, runs: findings.programs },
      seconds: Math.round((Date.now() - start) / 1000),
      seeds: { first: options.seed, last: options.seed + programs - 1 },
      ...{ differences, known, unsteady },
      result: isGood ? 'passed' : 'failed',
    }),
  );
  process.exitCode = isGood ? 0 : 1;
}

if (require.main === module) main();
