'use strict';

/*
 * The calls that node:net makes in the scenarios of costs.js, counted by strace, beside
 * the bounds that rust-net is held to: a bound that node:net breaks asks too much, and
 * one that is far above it asks little. Prints them, and judges nothing.
 *
 *   node __test__/faults/costs-of-node.js [SCENARIO]...
 */

const path = require('node:path');

const { measure } = require('./bounds');
const { faultsBinary } = require('./engine');
const { calls } = require('./outcomes');
const { reasonForNoTrace, traced } = require('./strace');

/** By system call: what it is to the rule engine, where that is not its own name. */
const names = {
  read: 'recv',
  readv: 'recv',
  recvfrom: 'recv',
  recvmsg: 'recv',
  sendto: 'send',
  write: 'send',
  sendmsg: 'writev',
};

const zeros = () => Object.fromEntries(calls.map((call) => [call, 0]));

/** The calls of one thread on sockets, by scenario. */
class Counts {
  byScenario = new Map();
  #now = null;
  #begun = '';

  /** Takes a line of the trace, behind the number of the thread. */
  take(line) {
    const begun = /^(.*) <unfinished \.\.\.>$/.exec(line);
    if (begun) {
      this.#begun = begun[1];
      return;
    }
    const rest = /^<\.\.\. \w+ resumed>(.*)$/.exec(line);
    this.#note(rest ? this.#begun + rest[1] : line);
  }

  #note(line) {
    const mark = /^write\(1<[^"]*"([>=]) \{\\"scenario\\":\\"(.*?)\\"/.exec(
      line,
    );
    if (mark) {
      this.#now =
        mark[1] === '>' ? { reached: zeros(), blocked: zeros() } : null;
      if (this.#now) this.byScenario.set(mark[2], this.#now);
      return;
    }
    const [, call, given] = /^(\w+)\((.*)/.exec(line) ?? [];
    const isSocket = /^\d+<socket:/.test(given) || call === 'socket';
    const isAdded = /EPOLL_CTL_ADD, \d+<socket:/.test(given);
    if (!this.#now || !(isSocket || isAdded)) return;
    const name = names[call] ?? call;
    this.#now.reached[name] += 1;
    if (/= -1 EAGAIN/.test(given)) this.#now.blocked[name] += 1;
  }
}

async function main() {
  const reason = reasonForNoTrace();
  const binary = faultsBinary();
  if (reason ?? !binary) {
    return console.log(`skipped: ${reason ?? 'not built'}`);
  }
  const scenarios = process.argv.length > 2 ? process.argv.slice(2) : undefined;
  const job = { scenarios, isOfNode: true };
  const ran = await traced(
    ['-y', '-s', '200', '-e', 'trace=%desc,%network,close'],
    [path.join(__dirname, 'costs.js')],
    {
      env: { RUST_NET_BINARY: binary, FAULTS_JOB: JSON.stringify(job) },
      limit: 300_000,
    },
  );
  if (ran.code !== 0) {
    throw new Error(`it ends with ${ran.code}: ${ran.stderr}`);
  }
  const counts = new Counts();
  const [, main] = /^(\d+)/.exec(ran.trace);
  for (const line of ran.trace.split('\n')) {
    const [, thread, rest] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === main) counts.take(rest);
  }
  for (const line of ran.stdout.split('\n')) {
    if (!line.startsWith('=')) continue;
    const { scenario, work } = JSON.parse(line.slice(2));
    console.log(`node:net, ${scenario}`);
    const found = { ...counts.byScenario.get(scenario), futile: zeros() };
    for (const { name, made, most } of measure(found, work)) {
      if (made > 0) console.log(`  ${name}: ${made} of ${most}`);
    }
  }
}

main();
