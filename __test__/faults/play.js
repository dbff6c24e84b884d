'use strict';

// Plays a scenario in this process, under rules or without, and says what it came to.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const node = require('node:net');

const { engine } = require('./engine');
const { Track } = require('./track');

const net = require('../..');
const bridge = require('../../bridge');
const native = require('../../lib/handle/native');

const faults = engine();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-faults-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

/** The track of the case that runs. */
let current;
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    current.fault(`${event}: ${error?.stack ?? error}`);
    current.destroy();
  });
}

/** What is open, by its number: sockets and all else. */
function descriptors() {
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [`${fd} ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`];
    } catch {
      // The one that the folder itself was read with.
      return [];
    }
  });
}

/** How many sockets and servers rust-net has. */
function handles() {
  const { sockets, servers } = net.getStats();
  return sockets + servers;
}

/** Waits until no more is open than there was, for a while. */
async function leftOpen(before) {
  const until = Date.now() + 500;
  for (;;) {
    const now = descriptors();
    if (now.length <= before.length) return [];
    const left = now.filter((it) => !before.includes(it));
    // Relays have one pipe in common, which is closed after a failure.
    if (left.length === 2 && left.every((it) => /pipe:/.test(it))) return [];
    if (Date.now() > until) return left;
    await nextIteration();
  }
}

async function play(scenario, modules, track) {
  const context = { net, far: node, bridge, native, folder, ...modules, track };
  try {
    await scenario(context);
  } catch (error) {
    track.told('scenario', error);
    track.destroy();
  }
  track.setUp();
  await track.over;
}

function inTime(promise, limit) {
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve(true), limit);
  });
  const done = promise.then(() => false);
  return Promise.race([done, late]).finally(() => clearTimeout(timer));
}

/**
 * Runs a scenario under some rules.
 *
 * @param {(context: object) => Promise<void>} scenario
 * @param {object[]} [rules] for the engine
 * @param {object} [options]
 * @param {object} [options.modules] `net` and `far`, where they are not rust-net
 *   and node:net
 * @param {number} [options.limit] the longest that it may take, in ms
 * @param {boolean} [options.watchesDescriptors] for `work.descriptors()`
 * @returns {Promise<{ track: Track, isLate: boolean, opened: number,
 *   struck: number, reached: Record<string, number>,
 *   blocked: Record<string, number>, futile: Record<string, number> }>} what it
 *   came to; `opened` is how many descriptors were open before
 */
async function attempt(scenario, rules = [], options = {}) {
  const { modules, limit = 8000, watchesDescriptors } = options;
  const before = descriptors();
  const opened = before.length;
  const had = handles();
  const track = new Track();
  if (watchesDescriptors) track.work.watchDescriptors();
  current = track;
  faults.arm(...rules);
  const isLate = await inTime(play(scenario, modules, track), limit);
  const struck = faults.struck();
  const ran = { track, isLate, opened, struck, ...faults.counts() };
  if (isLate) {
    const { pending, errors, closes } = track;
    const told = JSON.stringify({ errors, closes });
    track.fault(`it does not end; ${pending.call(track)}; ${told}`);
    return ran;
  }
  for (let i = 0; i < 2; i++) await nextIteration();
  const left = await leftOpen(before);
  if (left.length > 0) track.fault(`left open: ${left.join(', ')}`);
  const more = handles() - had;
  if (more > 0) track.fault(`${more} handles are left`);
  faults.arm();
  return ran;
}

module.exports = { attempt, net, node };
