'use strict';

/*
 * One run: makes a number of hostile calls in this process. Its last line on
 * standard output is the result, unless a signal ends it.
 *
 *   node child.js '{"root": ..., "seed": 1, "calls": 1000, ...}'
 */

const fs = require('node:fs');
const { HostileError } = require('./call');
const { openHostile } = require('./openings');
const { Runner } = require('./runner');
const { Trace } = require('./trace');
const { Witnesses } = require('./witnesses');
const { World } = require('./world');

const options = JSON.parse(process.argv[2]);
process.chdir(options.folder);

const trace = new Trace(options.trace);
const world = new World({ ...options, trace });

const isOwn = new RegExp(`${world.root}/(?:lib/|index|handles|bridge)`);

/**
 * Returns true for a defect of rust-net itself; false for an error meant for a
 * caller.
 */
function isFault(error) {
  const frames = String(error?.stack).split('\n');
  // A frame without a position is a builtin's, called by the next frame.
  const first = frames.find((line) => /^ +at .*:\d/.test(line)) ?? '';
  return error?.code === undefined && isOwn.test(first);
}

// Exceptions of hostile listeners end here. An exception of rust-net while it
// handles an event is a defect: no program could catch it.
process.on('uncaughtException', (error) => {
  world.sawError(error);
  if (error?.stack?.includes(`${__dirname}/runner`)) isOurs(error);
  if (isFault(error)) world.found('uncaught', firstLines(error));
});

// Returns true for a mistake in the fuzzer itself.
function isOurs(error) {
  const [message, first] = error.stack.split('\n');
  const isHere = first?.includes(__dirname) && !(error instanceof HostileError);
  if (isHere && error instanceof TypeError) world.note(`${message} ${first}`);
}

const firstLines = ({ stack }) => stack.split('\n').slice(0, 3).join(' ');
process.on('unhandledRejection', () => {});
process.on('warning', () => {});

/** Yields every descriptor of this process, with what it refers to. */
function* whatIsOpen() {
  if (process.platform !== 'linux') return;
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      yield `${fd}=${fs.readlinkSync(`/proc/self/fd/${fd}`)}`;
    } catch {
      // This was the descriptor that read the folder itself.
    }
  }
}

/**
 * The most descriptors that may stay open: relay pipes and a thread's waker are
 * opened at their first use.
 */
const MOST_LEFT = 16;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Returns the descriptors that stay open after all hostile ones were closed.
 */
async function leftOpen(before) {
  for (let tries = 100; tries > 0; tries--) {
    globalThis.gc?.();
    await pause(20);
    if ([...whatIsOpen()].length <= before.size) return 0;
  }
  return [...whatIsOpen()].length - before.size;
}

/** Writes that wait are completed when all peers read. */
async function settleWrites({ callbacks, pool, found }) {
  for (let tries = 150; tries > 0 && callbacks.stuck().length > 0; tries--) {
    pool.resumeAll();
    await pause(20);
  }
  const { length } = callbacks.stuck();
  if (length > 0) found.call(world, 'write', `${length} wait for ever`);
}

async function main() {
  setInterval(() => trace.beat(), 500).unref();
  world.witnesses = new Witnesses(world);
  await world.witnesses.open(options.folder);
  // By then the relays have opened their pipes.
  await world.witnesses.settle();
  const opened = openHostile(world, world.random);
  const before = new Set(whatIsOpen());
  const runner = new Runner(world, options);
  const start = Date.now();
  await runner.prepare();
  await runner.age(options.age);
  await runner.run();
  const ms = Date.now() - start;
  const { made } = world;
  world.pool.resumeAll();
  await world.witnesses.settle();
  await settleWrites(world);
  world.closeAll();
  const left = await leftOpen(before);
  if (left > MOST_LEFT) {
    const names = [...whatIsOpen()].filter((name) => !before.has(name));
    world.found('left open', `${left} descriptors: ${names.join(' ')}`);
  }
  const result = {
    calls: made - options.from,
    nested: world.nested,
    opened,
    ms,
    targets: runner.counts(),
    hostileBytes: world.bytes,
    witnessBytes: world.witnesses.received,
    findings: world.findings,
    last: world.last,
    soft: Object.fromEntries(world.soft),
  };
  world.witnesses.close();
  fs.writeSync(1, `${JSON.stringify(result)}\n`);
  process.exit(0);
}

main().catch((error) => {
  console.error(error);
  process.exit(3);
});
