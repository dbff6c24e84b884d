'use strict';

/*
 * Draws the conditions of a run from its seed, as plain data. Lists have all that
 * can be drawn; the program applies it.
 */

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { builtinModules } = require('node:module');
const { frugalStepOf, stepOf } = require('./draw-steps');

const documents = path.join(__dirname, '../../../docs/api.md');

const asked = new Map();

/** Asks a Node once which features it has. */
function featuresOf(node) {
  if (!asked.has(node)) asked.set(node, askFeatures(node));
  return asked.get(node);
}

function askFeatures(node) {
  const script = `
    const flags = [...process.allowedNodeEnvironmentFlags];
    const net = Object.keys(require('net'));
    const { version } = process;
    console.log(JSON.stringify({ flags, net, version }));`;
  const text = execFileSync(node, ['-e', script], { encoding: 'utf8' });
  const { flags, net, version } = JSON.parse(text);
  const has = (name) => flags.includes(name);
  return {
    version,
    major: parseInt(version.slice(1)),
    hasBound: net.includes('BoundSocket'),
    model: ['--permission', '--experimental-permission'].find(has),
    grants: ['net', 'child-process', 'worker'].filter((name) =>
      has(`--allow-${name}`),
    ),
    hasAddons: has('--allow-addons'),
    audits: has('--permission-audit'),
  };
}

/** Returns the documented values of a setting: those in code, and both ends of a range. */
function valuesIn(cell) {
  const single = [...cell.matchAll(/`([^`]*)`/g)].map(([, value]) => value);
  const range = /(\d+) to (\d+)/.exec(cell);
  return range ? [range[1], range[2]] : single;
}

/** Settings by name with their values, as the documentation lists them. */
function switches() {
  const rows = fs
    .readFileSync(documents, 'utf8')
    .matchAll(/^\| `(RUST_NET_\w+)` +\| ([^|]*)\|/gm);
  const listed = [...rows].map(([, name, cell]) => [name, valuesIn(cell)]);
  return new Map(listed);
}

const known = switches();
const unfit = [
  'yes',
  'no',
  'on',
  '-1',
  '1.5',
  '0x1',
  ' 0',
  'null',
  'x'.repeat(99),
];

/** Returns a word with one letter mistyped. */
function mistyped(random, word) {
  const at = 9 + random.below(word.length - 9);
  const way = random.below(3);
  if (way === 0) return `${word.slice(0, at)}${word.slice(at + 1)}`;
  if (way === 1) return `${word}S`;
  return `${word.slice(0, at)}${word[at]}${word.slice(at)}`;
}

/** Draws one variable, and whether its value is meaningless. */
function variable(random) {
  const names = [...known.keys()].filter((name) => known.get(name).length > 0);
  const name = random.pick(names);
  return random.among([
    [3, () => ({ name, value: random.pick(known.get(name)), isOdd: false })],
    [2, () => ({ name, value: '', isOdd: false })],
    [2, () => ({ name, value: random.pick(unfit), isOdd: true })],
    [2, () => ({ name: mistyped(random, name), value: '1', isOdd: true })],
  ]);
}

function variables(random) {
  const drawn = Array.from({ length: random.below(4) }, () => variable(random));
  const byName = new Map(drawn.map((one) => [one.name, one]));
  const all = [...byName.values()];
  const isOff = byName.get('RUST_NET_REGISTER')?.value === 'off';
  return {
    variables: Object.fromEntries(all.map(({ name, value }) => [name, value])),
    odd: all.filter(({ isOdd }) => isOdd).map(({ name }) => name),
    isOff,
  };
}

/** Draws flags of the permission model. */
function permissions(random, { model, grants, hasAddons, audits }, way) {
  const files = ['--allow-fs-read=*', '--allow-fs-write=*'];
  const mode = audits && random.chance(15) ? '--permission-audit' : model;
  // Without addons only register works: it keeps node's net then.
  const needsAddons = hasAddons && (way === 'direct' || random.chance(75));
  const some = grants.filter(() => random.chance(50));
  return [
    ...[mode, ...files],
    ...(needsAddons ? ['--allow-addons'] : []),
    ...some.map((name) => `--allow-${name}`),
  ];
}

function flagsOf(random, features, way) {
  const { model, hasAddons } = features;
  const mayModel = model && (hasAddons || way === 'register');
  return random.among([
    [6, () => []],
    [mayModel ? 4 : 0, () => permissions(random, features, way)],
    [way === 'register' ? 1 : 0, () => ['--no-addons']],
  ]);
}

// Node's own loader needs these: a program that replaces them ends at once.
const needed = ['module', 'fs', 'path', 'net', 'url', 'vm', 'process'];
const mockable = builtinModules.filter(
  (name) => !needed.includes(name) && !/[/_]/.test(name),
);

/** Draws what a program does to its modules and its process. */
function disturbance(random, way) {
  const at = random.pick(
    way === 'register' ? ['start', 'loaded', 'later'] : ['loaded', 'later'],
  );
  return random.among([
    [3, () => ({ at, what: 'hookRequire' })],
    [3, () => ({ at, what: 'hookLoad' })],
    [2, () => ({ at, what: 'mockRequire', names: mocked(random) })],
    [2, () => ({ at, what: 'mockLoad', names: mocked(random) })],
    [3, () => ({ at, what: 'emptyCache' })],
    [2, () => ({ at, what: 'replaceCache' })],
    [
      3,
      () => ({
        at: 'start',
        what: 'useDescriptors',
        left: 1 + random.below(8),
      }),
    ],
  ]);
}

function mocked(random) {
  if (random.chance(50)) return mockable;
  return Array.from({ length: 3 }, () => random.pick(mockable));
}

/** True for a step with a descriptor: without --allow-net node denies it, rust-net may not. */
const opensDescriptor = ({ name, where, isListening }) =>
  (name === 'handle' && !isListening) ||
  (name === 'connect' && where.fd !== undefined);

function stepsOf(random, features, flags) {
  const count = 3 + random.below(10);
  const steps = Array.from({ length: count }, () => stepOf(random, features));
  const isDenied =
    features.grants.includes('net') &&
    flags.includes(features.model) &&
    !flags.includes('--allow-net');
  return isDenied ? steps.filter((one) => !opensDescriptor(one)) : steps;
}

/**
 * @param {import('../hostile/random').Random} random
 * @param {any} features of the Node that runs
 * @returns {any} the conditions and the steps of one program
 */
function conditionsOf(random, features) {
  const way = random.chance(55) ? 'direct' : 'register';
  const flags = flagsOf(random, features, way);
  const count = random.pick([0, 1, 1, 1, 2, 3]);
  return {
    way,
    flags,
    ...variables(random),
    disturbances: Array.from({ length: count }, () => disturbance(random, way)),
    // Some steps that need no descriptor run while none is left.
    early: Array.from({ length: random.below(3) }, () => frugalStepOf(random)),
    steps: stepsOf(random, features, flags),
  };
}

module.exports = { conditionsOf, featuresOf };
