'use strict';

/*
 * One run of the soak: a subject, its peers, and what is compared at the end.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { isDeepStrictEqual } = require('node:util');
const { Child } = require('./child');
const { Peers } = require('./peers');

const FILE = path.join(__dirname, 'subject.js');
/** How often the subject is looked at, in milliseconds. */
const LOOK = 100;
/** Looks without a new connection after which the run has hung. */
const MOST_LOOKS = 400;
const MOST_PROBLEMS = 20;
/** Points of the curves. */
const POINTS = 40;

/**
 * @typedef {object} Setting
 * @property {'rust-net' | 'node:net'} subject
 * @property {string} driver of rust-net
 * @property {number} connections
 * @property {number} bytes in all
 * @property {number} seed
 * @property {number} [peers] processes
 * @property {number} [atOnce] connections that each process makes at a time
 * @property {number} [meanPause] between two acts of violence, in milliseconds
 */

class Soak {
  #given;
  #subject;
  #peers;
  #blocks = 0;
  #folder;
  #isOver = false;
  problems = [];
  samples = [];

  /** @param {Setting} given */
  constructor(given) {
    this.#given = { peers: 3, atOnce: 32, meanPause: 1000, ...given };
  }

  #fail(problem) {
    if (this.problems.length < MOST_PROBLEMS) this.problems.push(problem);
  }

  /** Starts the subject and the peers. */
  async #start() {
    const { connections, bytes, seed, subject, driver } = this.#given;
    const { atOnce, peers, meanPause } = this.#given;
    const { promise, resolve } = withResolver();
    const folder = this.#folder;
    const mean = bytes / connections;
    const common = { seed, mean, folder, atOnce };
    const onMessage = (message) => {
      if (message.asks) this.#subject.call('block', this.#blocks++);
      if (message.problem) this.#fail(`${subject}: ${message.problem}`);
      if (message.servers) resolve(message.servers);
    };
    const env = { RUST_NET_DRIVER: driver };
    const own = { ...common, subject };
    this.#subject = new Child(FILE, own, { env, onMessage });
    this.#subject.ended.then(([code, signal]) => {
      if (!this.#isOver) this.#fail(`${subject} ended: ${code ?? signal}`);
      resolve(undefined);
    });
    const servers = await promise;
    if (!servers) return;
    const hooks = {
      block: () => this.#blocks++,
      fail: (problem) => this.#fail(problem),
    };
    const setting = { ...common, subject: servers };
    this.#peers = new Peers(setting, this.#subject, hooks);
    await Promise.all(Array.from({ length: peers }, () => this.#peers.start()));
    await this.#subject.call('go');
    this.#peers.torment(meanPause);
  }

  /** Runs until the subject has had so many connections. */
  async #until(count) {
    const step = this.#given.connections / POINTS;
    let [last, looks] = [0, 0];
    while (this.problems.length === 0) {
      await sleep(LOOK);
      const found = await this.#subject.call('sample');
      if (!found) return;
      const { connections } = found;
      if (connections >= (this.samples.at(-1)?.connections ?? 0) + step) {
        this.samples.push(found);
        await this.#peers.count();
      }
      if (connections >= count) return;
      looks = connections > last ? 0 : looks + 1;
      last = connections;
      if (looks > MOST_LOOKS) return void (await this.#hung());
    }
  }

  /** Reports what is open where it should not be. */
  async #hung() {
    const own = await this.#subject.call('states');
    const others = await this.#peers.call('states');
    for (const state of [...own, ...others.flat()].slice(0, MOST_PROBLEMS)) {
      this.#fail(`hangs: ${state}`);
    }
    this.#fail('no progress');
  }

  /** Lets all connections end; resolves with what the subject uses then. */
  async #rest() {
    this.#peers.isHeld = true;
    const rested = (async () => {
      await this.#subject.call('hold');
      await this.#peers.call('hold');
      return this.#subject.call('settle');
    })();
    for (let look = 0; look < MOST_LOOKS; look++) {
      const found = await Promise.race([rested, sleep(LOOK, 'late')]);
      if (found !== 'late') return found;
      if (this.problems.length > 0) return undefined;
    }
    await this.#hung();
    return undefined;
  }

  async #resume() {
    this.#peers.isHeld = false;
    await this.#peers.call('go');
    await this.#subject.call('go');
  }

  /** Plays all of it. */
  async #play() {
    const { connections } = this.#given;
    await this.#start();
    await this.#until(connections / 20);
    const first = await this.#rest();
    if (this.problems.length > 0) return {};
    await this.#resume();
    await this.#until(connections);
    const last = await this.#rest();
    await this.#peers.count();
    return { first, last };
  }

  /** Returns the result of the run. */
  async run() {
    this.#folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-soak-'));
    const start = performance.now();
    try {
      const { first, last } = await this.#play();
      if (last) this.#check(first, last);
      const { counts, bytes = 0 } = this.#peers ?? {};
      const seconds = (performance.now() - start) / 1000;
      const checked = bytes + (last?.bytes ?? 0);
      const { problems, samples } = this;
      return {
        ...{ first, last, counts, checked, seconds },
        problems,
        samples,
      };
    } finally {
      this.#isOver = true;
      this.#peers?.end();
      this.#subject.kill('SIGKILL');
      await this.#subject.ended;
      fs.rmSync(this.#folder, { recursive: true, force: true });
    }
  }

  /** Compares the end with the beginning. */
  #check(first, last) {
    const [before, after] = [first, last].map(({ kinds }) => sorted(kinds));
    // The first large relay opens a pipe, which the thread keeps.
    const hasPipe = after.pipe === before.pipe + 2;
    const expected = hasPipe ? { ...before, pipe: after.pipe } : before;
    if (!isDeepStrictEqual(after, expected)) {
      const both = [before, after].map((kinds) => JSON.stringify(kinds));
      this.#fail(`descriptors: ${both.join(', then ')}`);
    }
    const { end = 0, ECONNRESET = 0, ...others } = last.nameless;
    // A connection that is cut off while it connects says nothing.
    const most = last.connections / 20;
    if (end > most || ECONNRESET > most) {
      this.#fail(`without a header: ${end} ended, ${ECONNRESET} reset`);
    }
    for (const name of Object.keys(others)) {
      this.#fail(`a connection without a header: ${name}`);
    }
  }
}

/** Returns an object with its keys in order. */
const sorted = (object) => Object.fromEntries(Object.entries(object).sort());

function withResolver() {
  let resolve;
  const promise = new Promise((set) => (resolve = set));
  return { promise, resolve };
}

module.exports = { Soak };
