'use strict';

/*
 * One run: a number of hostile calls in this process. Its last line on standard
 * output is what it came to; it may also end by a signal.
 *
 *   node child.js '{"root": ..., "seed": 1, "calls": 1000, ...}'
 */

const fs = require('node:fs');
const { openHostile } = require('./openings');
const { Runner } = require('./runner');
const { Trace } = require('./trace');
const { Witnesses } = require('./witnesses');
const { World } = require('./world');

const options = JSON.parse(process.argv[2]);
process.chdir(options.folder);

const trace = new Trace(options.trace);
const world = new World({ ...options, trace });

const isOwn = new RegExp(`\\(?${world.root}/(?:lib|index|handles|bridge)`);

// Whatever a hostile listener throws ends here; what rust-net throws at itself
// is noted.
process.on('uncaughtException', (error) => {
  world.sawError(error);
  const top = String(error?.stack)
    .split('\n')
    .find((line) => /^ +at /.test(line));
  const isOurs = top !== undefined && isOwn.test(top);
  if (isOurs) world.note(`uncaught: ${error.message} ${top.trim()}`);
});
process.on('unhandledRejection', () => {});
process.on('warning', () => {});

/** Every descriptor of this process, with what it is of. */
function* whatIsOpen() {
  if (process.platform !== 'linux') return;
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      yield `${fd}=${fs.readlinkSync(`/proc/self/fd/${fd}`)}`;
    } catch {
      // It was the folder's own.
    }
  }
}

/** Pipes of relays and the wake-up of a thread come with the first use. */
const MOST_LEFT = 16;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What stays open when everything hostile was closed. */
async function leftOpen(before) {
  for (let tries = 100; tries > 0; tries--) {
    globalThis.gc?.();
    await pause(20);
    if ([...whatIsOpen()].length <= before.size) return 0;
  }
  return [...whatIsOpen()].length - before.size;
}

async function main() {
  setInterval(() => trace.beat(), 500).unref();
  world.witnesses = new Witnesses(world);
  await world.witnesses.open(options.folder);
  // Relays have their pipes by then.
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
