'use strict';

/*
 * The peers of a run: keeps their number, and stops and kills them at random.
 */

const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { numbersFrom } = require('../../helpers/numbers');
const { Child } = require('./child');

const FILE = path.join(__dirname, 'peer.js');
/** How long a peer is stopped at most, in milliseconds. */
const LONGEST_STOP = 800;

class Peers {
  #setting;
  #subject;
  #below;
  #all = new Map();
  #generation = 0;
  #hooks;
  #isOver = false;
  /** The violence that goes on now. */
  #doing = Promise.resolve();

  /**
   * @param {object} setting of the processes
   * @param {Child} subject
   * @param {{ block: () => number, fail: (problem: string) => void }} hooks
   */
  constructor(setting, subject, hooks) {
    this.#setting = setting;
    this.#subject = subject;
    this.#hooks = hooks;
    this.#below = numbersFrom(setting.seed);
    this.isHeld = false;
    this.counts = { killed: 0, reset: 0, stopped: 0 };
    /** Bytes that peers have checked, those that are gone included. */
    this.bytes = 0;
  }

  /** Starts a peer; resolves when it works. */
  async start() {
    const generation = ++this.#generation;
    const servers = withResolver();
    const onMessage = (message) => {
      if (message.asks) child.call('block', this.#hooks.block());
      if (message.problem) this.#hooks.fail(`a peer: ${message.problem}`);
      if (message.servers) servers.resolve(message.servers);
    };
    const setting = { ...this.#setting, generation };
    const child = new Child(FILE, setting, { onMessage });
    const peer = { child, generation, bytes: 0, isDoomed: false };
    child.ended.then(([code, signal]) => {
      servers.resolve(undefined);
      this.#all.delete(generation);
      if (peer.isDoomed || this.#isOver) return;
      this.#hooks.fail(`a peer ended: ${code ?? signal}`);
    });
    const where = await servers.promise;
    if (!where) return;
    await this.#subject.call('peer', where);
    this.#all.set(generation, peer);
    await child.call('go');
  }

  /** Ends a peer, and starts another. */
  async #end(peer, how) {
    // From now on the subject expects that its connections are cut off.
    await this.#subject.call('lose', peer.generation);
    peer.isDoomed = true;
    this.#all.delete(peer.generation);
    this.counts[how === 'reset' ? 'reset' : 'killed']++;
    if (how === 'reset') peer.child.call('reset');
    else peer.child.kill('SIGKILL');
    await peer.child.ended;
    await this.start();
  }

  async #stop({ child }) {
    this.counts.stopped++;
    child.kill('SIGSTOP');
    await sleep(this.#below(LONGEST_STOP));
    child.kill('SIGCONT');
  }

  /** Does something to a random peer. */
  async #strike() {
    const all = [...this.#all.values()];
    if (all.length === 0) return;
    const peer = all[this.#below(all.length)];
    const what = this.#below(10);
    if (what < 6) await this.#stop(peer);
    // A stopped peer has more that is not read, which its end resets.
    if (what === 6) await this.#stop(peer);
    if (what >= 6) await this.#end(peer, what === 9 ? 'reset' : 'kill');
  }

  /** Stops and kills peers until the run is over, every `meanPause` ms. */
  async torment(meanPause) {
    while (!this.#isOver) {
      await sleep(this.#below(2 * meanPause));
      if (this.isHeld || this.#isOver) continue;
      this.#doing = this.#strike();
      await this.#doing;
    }
  }

  /** Calls a verb of every peer. */
  async call(verb) {
    await this.#doing;
    const all = [...this.#all.values()];
    return Promise.all(all.map(({ child }) => child.call(verb)));
  }

  /** Counts what the peers have checked so far. */
  async count() {
    for (const peer of this.#all.values()) {
      const found = await peer.child.call('sample');
      if (!found) continue;
      this.bytes += found.bytes - peer.bytes;
      peer.bytes = found.bytes;
    }
  }

  /** Ends all peers. */
  end() {
    this.#isOver = true;
    for (const { child } of this.#all.values()) child.kill('SIGKILL');
  }
}

function withResolver() {
  let resolve;
  const promise = new Promise((set) => (resolve = set));
  return { promise, resolve };
}

module.exports = { Peers };
