'use strict';

/*
 * Runs one program, which PROCESS_PROGRAM describes. Each line of its output is one
 * observation.
 */

const fs = require('node:fs');
const path = require('node:path');
const { disturb } = require('./disturbances');
const { prepare, takeStep } = require('./steps');

const program = JSON.parse(process.env.PROCESS_PROGRAM ?? '{}');
const { root, subject, way, disturbances, early, steps } = program;

const say = (what, value) => {
  const text = JSON.stringify(value ?? null).replaceAll(
    `${process.pid}`,
    'PID',
  );
  fs.writeSync(1, `${what} ${text}\n`);
};

const startMemory = process.resourceUsage().maxRSS;
const warnings = [];
process.on('warning', ({ code, message }) => warnings.push([code, message]));

// Exceptions of listeners, and others that are not caught.
process.on('uncaughtException', (error) => {
  say('uncaught', [error?.name, error?.code, `${error?.message}`]);
});

/** The name by which the program requires net. */
function nameOfNet() {
  if (subject === 'node:net' || way === 'register') return 'net';
  return path.join(root, 'index.js');
}

async function main() {
  prepare();
  const moment = (at) => disturbances.filter((one) => one.at === at);
  const disturbed = disturb(say);
  for (const one of moment('start')) disturbed.begin(one);
  let net;
  try {
    net = disturbed.ask(nameOfNet());
  } catch (error) {
    say('load', [error.name, error.code]);
    return;
  }
  say('who', net.getStats !== undefined);
  for (const [i, step] of early.entries()) {
    say(`early${i} ${step.name}`, await takeStep(net, step));
  }
  disturbed.release();
  for (const one of moment('loaded')) disturbed.begin(one);
  for (const [i, step] of steps.entries()) {
    if (i === 1) for (const one of moment('later')) disturbed.begin(one);
    say(`${i} ${step.name}`, await takeStep(net, step));
  }
  say('seen', disturbed.seen());
  say('memory', process.resourceUsage().maxRSS - startMemory);
}

// Warnings are emitted in a later tick.
main().then(() => {
  setImmediate(() => {
    say('warned', warnings);
    process.exit(0);
  });
});
