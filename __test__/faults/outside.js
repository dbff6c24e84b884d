'use strict';

/*
 * Fails the system calls of Tokio, std and libuv one after the other, by
 * `strace -e inject`, until a run ends without reaching the n-th. Many of them
 * end Node itself. What node:net does under the same fault is allowed for
 * rust-net, and is listed.
 *
 *   node __test__/faults/outside.js [--short] [--driver NAME] [--call NAME]
 *     [--fault NAME] [--nth N] [--record]
 */

const path = require('node:path');
const { parseArgs } = require('node:util');

const { record } = require('../../scripts/reliability-table');
const { reasonForNoTrace, traced } = require('./strace');

const text = { type: 'string' };
const { values: options } = parseArgs({
  options: {
    short: { type: 'boolean' },
    record: { type: 'boolean' },
    driver: text,
    call: text,
    fault: text,
    nth: text,
  },
});

const faults = {
  clone3: ['EAGAIN'],
  epoll_create1: ['EMFILE'],
  epoll_ctl: ['ENOMEM', 'ENOSPC'],
  epoll_wait: ['EINTR'],
  epoll_pwait: ['EINTR'],
  eventfd2: ['EMFILE'],
};
// Node itself waits for ever for some of its threads.
if (options.short) delete faults.clone3;

const program = path.join(__dirname, 'outside-program.js');
const most = options.short ? 30 : 400;
const drivers = options.driver ? [options.driver] : ['on-loop', 'threaded'];
const subjects = [
  { name: 'node:net', env: { FAULTS_SUBJECT: 'node:net' } },
  ...drivers.map((driver) => ({
    name: `rust-net, ${driver}`,
    env: { FAULTS_SUBJECT: 'rust-net', RUST_NET_DRIVER: driver },
  })),
];

/** Returns how a run ended; undefined if it never reached the call. */
async function end({ env }, call, fault, nth) {
  const inject = `inject=${call}:error=${fault}:when=${nth}`;
  const flags = ['-e', `trace=${call}`, '-e', inject];
  const ran = await traced(flags, [program], { env, limit: 5000 });
  if (!ran.trace.includes('(INJECTED)')) return undefined;
  if (ran.isLate) return 'does not end';
  if (ran.signal) return ran.signal;
  // strace exits with 128 plus the signal that ended its child.
  if (ran.code > 128) return `signal ${ran.code - 128}`;
  // The program did its work, or received an error.
  return /^(done|told)/.test(ran.stdout) ? 'well' : `code ${ran.code}`;
}

/**
 * Returns the ways in which a subject ends under a fault, each with the first
 * n.
 */
async function ends(subject, call, fault) {
  const seen = new Map();
  const only = options.nth && Number(options.nth);
  let count = 0;
  for (let nth = only || 1; nth <= (only || most); nth++) {
    const how = await end(subject, call, fault, nth);
    if (how === undefined) break;
    count += 1;
    if (!seen.has(how)) seen.set(how, nth);
  }
  return { seen, count };
}

async function main() {
  const reason = reasonForNoTrace();
  if (reason) return console.log(`skipped: ${reason}`);
  const start = Date.now();
  let [runs, found] = [0, 0];
  const equal = new Set();
  for (const [call, names] of Object.entries(faults)) {
    if (options.call && options.call !== call) continue;
    for (const fault of names) {
      if (options.fault && options.fault !== fault) continue;
      const [node, ...others] = subjects;
      const { seen: allowed } = await ends(node, call, fault);
      for (const subject of others) {
        const { seen, count } = await ends(subject, call, fault);
        runs += count;
        const how = [...seen].map(([name, nth]) => `${name} (${nth})`);
        console.log(`${subject.name}: ${call} ${fault}: ${how.join(', ')}`);
        for (const [how, nth] of seen) {
          if (how === 'well') continue;
          if (allowed.has(how)) {
            equal.add(`${call} ${fault}: ${how}`);
            continue;
          }
          found += 1;
          console.log(`FOUND ${subject.name}: ${call} ${fault} ${nth}: ${how}`);
        }
      }
    }
  }
  const seconds = Math.round((Date.now() - start) / 1000);
  for (const each of equal) console.log(`as node:net: ${each}`);
  console.log(`${runs} cases, ${seconds} s`);
  console.log(`${runs - found} passed, ${found} failed, 0 skipped`);
  process.exitCode = found > 0 ? 1 : 0;
  if (!options.record) return;
  await record({
    layer: 'Failing calls of Tokio, std and libuv',
    command: `npm run test:faults:outside${options.short ? ' -- --short' : ''}`,
    counts:
      `${runs} cases (call, errno, n), ${drivers.join(' and ')}; ${seconds} s; ` +
      `as node:net: ${[...equal].join(', ') || 'none'}`,
    seed: 'none: all are tried',
    result: found > 0 ? `${found} found` : 'nothing found',
  });
}

main();
