'use strict';

// Plays scenarios without a fault, in a process with the engine in it, and compares
// the calls of each with its work (bounds.js), and what it holds open with what
// node:net holds. Job and lines are those of child.js; a line more is
//
//   # {figures}   what was counted
//
// A kind of call is too many where it is so in each of several runs: what other
// programs on the machine do to one of them is no fault.

const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const { measure } = require('./bounds');
const { attempt, node } = require('./play');
const { scenarios } = require('./scenarios');
const { costly } = require('./scenarios/costly');
const { LARGE } = require('./work');

const RUNS = 3;
/** The longest that a scenario may take, in ms. */
const LIMIT = 30_000;
/** MiB beyond those of node:net, where a copy of what is queued is a hundred. */
const MEMORY_SLACK = 16;
const hung = 3;
const all = { ...scenarios, ...costly };
const job = JSON.parse(process.env.FAULTS_JOB ?? '{}');

/** What only rust-net can play. */
const ours = [
  'detach and attach',
  'detach and attach, Unix',
  'to node',
  'from node',
  'descriptors',
  'environment',
];

const say = (mark, what) =>
  fs.writeSync(1, `${mark} ${JSON.stringify(what)}\n`);

/** One run: its figures. */
async function run(name, modules) {
  const options = { modules, limit: LIMIT, watchesDescriptors: true };
  const ran = await attempt(all[name], [], options);
  const { work } = ran.track;
  const { most, usual } = work.descriptors();
  const held = { most: most - ran.opened, usual: usual - ran.opened };
  return { ...ran, rows: measure(ran, work), held };
}

async function runs(name, modules) {
  const all = [];
  // The first opens what is opened once.
  for (let i = 0; i <= RUNS; i++) {
    const ran = await run(name, modules);
    if (i > 0 || ran.isLate) all.push(ran);
    if (ran.isLate) break;
  }
  return all;
}

const toProblem = ({ name, made, most }) =>
  `${name}: ${made}, and ${most} would do`;

/** By how many MiB the memory of a process rises that queues writes. */
function memoryOf(module) {
  const program = path.join(__dirname, 'memory.js');
  const ran = spawnSync(process.execPath, [program, module], {
    encoding: 'utf8',
    timeout: LIMIT,
  });
  return ran.status === 0 ? Number(ran.stdout) : NaN;
}

/** Compares the memory of queued writes, which stay where JavaScript has them. */
function checkMemory() {
  const [rust, nodes] = ['rust-net', 'node:net'].map((module) =>
    Array.from({ length: RUNS }, () => memoryOf(module)),
  );
  const made = Math.min(...rust);
  const most = Math.max(...nodes) + MEMORY_SLACK;
  const row = { name: 'MiB of memory', made, most };
  say('#', { scenario: 'memory', rows: [row] });
  return made <= most ? [] : [toProblem(row)];
}

/** The run of several that has a row best. */
function best(all, place) {
  const rows = all.map(({ rows }) => rows[place]);
  const excess = ({ made, most }) => made - most;
  return rows.sort((a, b) => excess(a) - excess(b))[0];
}

/**
 * What is compared with node:net's own runs: the best of one with the worst of the
 * other, and some room on top.
 */
const besides = [
  {
    name: 'descriptors open at most',
    of: ({ held }) => held.most,
    room: (most, work) => most + 4 + (most >> 2) + waiting(work),
  },
  {
    name: 'descriptors open as a rule',
    of: ({ held }) => held.usual,
    room: (usual, work) => usual + 4 + (usual >> 2) + waiting(work),
  },
  {
    name: 'chunks',
    of: ({ track }) => track.work.chunks,
    room: (chunks) => chunks + 8 + (chunks >> 1),
  },
];

/**
 * The connections that may be open beside those of node:net: all that wait, where
 * little comes on each, and none where there is something to read first.
 */
const waiting = ({ accepted, connects, received }) =>
  received > accepted * LARGE ? 0 : accepted + connects;

function rowsBeside(rust, nodes) {
  const { work } = rust[0].track;
  return besides.map(({ name, of, room }) => ({
    name,
    made: Math.min(...rust.map(of)),
    most: room(Math.max(...nodes.map(of)), work),
  }));
}

async function check(name) {
  if (name === 'memory') return { problems: checkMemory(), isLate: false };
  const rust = await runs(name, {});
  const isLate = rust.some((ran) => ran.isLate);
  const problems = rust.flatMap(({ track }) => track.problems);
  if (isLate) return { problems, isLate };
  const rows = rust[0].rows.map((_, place) => best(rust, place));
  if (!ours.includes(name)) {
    const nodes = await runs(name, { net: node, far: node });
    rows.push(...rowsBeside(rust, nodes));
  }
  say('#', { scenario: name, rows, work: rust.at(-1).track.work });
  const excess = rows.filter(({ made, most }) => made > most);
  problems.push(...excess.map(toProblem));
  return { problems, isLate };
}

/** Plays each scenario over node:net alone, for costs-of-node.js. */
async function playNode(names) {
  for (const name of names.filter((name) => !ours.includes(name))) {
    const options = { modules: { net: node, far: node }, limit: LIMIT };
    await attempt(all[name], [], options);
    say('>', { scenario: name });
    const { track } = await attempt(all[name], [], options);
    say('=', { scenario: name, work: track.work });
  }
}

async function main() {
  if (job.isOfNode) return playNode(job.scenarios ?? Object.keys(all));
  for (const name of job.scenarios ?? Object.keys(all)) {
    const what = { scenario: name };
    if (job.after?.scenario !== name) {
      say('>', what);
      const { problems, isLate } = await check(name);
      if (problems.length > 0) say('!', { ...what, problems });
      if (isLate) process.exit(hung);
    }
    say('=', { ...what, cases: 0 });
  }
}

main();
