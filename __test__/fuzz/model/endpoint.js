'use strict';

/*
 * One end of a connection: its log, what it has received, and the rules that
 * say what it does and when.
 */

const { StringDecoder } = require('node:string_decoder');

const { Out } = require('./content');
const { errorFacts } = require('./facts');

const plainEvents = ['connect', 'ready', 'end', 'finish', 'drain', 'timeout'];
const counted = ['bytes', 'stall'];
const later = {
  micro: (fn) => Promise.resolve().then(fn),
  tick: (fn) => process.nextTick(fn),
  immediate: (fn) => setImmediate(fn),
};

let phases = 0;

/** An end, either a client or an accepted socket. */
class Endpoint {
  /**
   * @param {object} game the state that all ends of a run share
   * @param {string} id
   * @param {object} plan its reader and its rules
   */
  constructor(game, id, plan) {
    Object.assign(this, { game, id, plan });
    this.log = [];
    this.rules = plan.rules.map((rule, i) => {
      return { ...rule, name: `rule ${i}`, isFired: false };
    });
    this.socket = null;
    this.moves = 0;
    this.life = 0;
    this.begin();
    game.endpoints.push(this);
  }

  /** Begins a new connection of the same socket. */
  begin() {
    this.life++;
    this.out = new Out((phases += 104_729));
    this.inStream = undefined;
    this.peer = undefined;
    this.at = 0;
    this.base = 0;
    this.texts = [];
    this.textFrom = undefined;
    this.pendingCallbacks = 0;
    Object.assign(this, { isClosed: false, isEnded: false, isAbrupt: false });
    Object.assign(this, { isSteered: false, isReady: false });
    Object.assign(this, { isStopped: false, timer: 0, pipes: new Set() });
    this.targets = new Set();
    Object.assign(this, { hasSeenData: false, mode: 'none', isWaiting: false });
  }

  /** @returns {import('./content').Out | undefined} */
  incoming() {
    return this.inStream;
  }

  /** @returns {number} how many bytes have been taken out of the socket */
  position() {
    if (this.pipes.size === 0) return this.at;
    const { bytesRead, readableLength } = this.socket;
    return this.base + bytesRead - readableLength;
  }

  /** @param {string} entry */
  note(entry) {
    this.game.activity++;
    if (this.log.length < 4000) this.log.push(entry);
  }

  /** @returns {string} this end in this of its lives */
  get who() {
    return `${this.id}/${this.life}`;
  }

  /** @param {any} socket to listen to */
  listen(socket) {
    this.socket = socket;
    this.heard = [];
    this.game.watch?.(socket, this);
    const on = (name, listener) => {
      socket.on(name, listener);
      this.heard.push([name, listener]);
    };
    for (const name of plainEvents) on(name, () => this.happened(name));
    if (!this.plan.isDeaf) {
      on('error', (error) => {
        this.game.delivered(this.who, 'error');
        this.note(`error ${errorFacts(error, this.game)}`);
        this.fire('error');
      });
    }
    on('lookup', (error, ...rest) => {
      this.note(`lookup ${error?.code} ${rest.join(' ')}`);
    });
    on('close', (...args) => {
      this.isClosed = true;
      this.game.delivered(this.who, 'close');
      this.note(`close ${args.join()}`);
      this.fire('close');
      this.game.checkOver();
    });
  }

  /** Removes the listeners from a socket that was moved away. */
  unlisten() {
    for (const [name, listener] of this.heard) this.socket.off(name, listener);
  }

  happened(name) {
    if (name === 'end') this.isEnded = true;
    if (name === 'ready') this.isReady = true;
    if (name === 'timeout') this.timer = 0;
    // A socket that was destroyed before its connect() is open again.
    const isNew = name === 'connect' || name === 'ready';
    if (this.isClosed && isNew) this.isClosed = false;
    if (this.isClosed) this.violation(`'${name}' after 'close'`);
    this.game.delivered(this.who, name);
    this.note(name);
    this.fire(name);
  }

  /** @param {string} what is wrong in any case */
  violation(what) {
    this.game.violations.push(`${this.id}: ${what}`);
  }

  /**
   * Compares a chunk with what was sent.
   *
   * @param {Buffer | string} chunk
   */
  received(chunk) {
    if (!this.hasSeenData) this.note('data');
    this.hasSeenData = true;
    this.game.activity++;
    if (this.isEnded) this.violation('data after its end');
    if (typeof chunk === 'string') {
      this.texts.push(chunk);
      this.at = this.base + this.socket.bytesRead;
    } else {
      this.check(chunk);
      this.at += chunk.length;
    }
    this.game.delivered(this.who, 'bytes', this.at);
    this.fire('bytes', this.at);
  }

  check(chunk) {
    const sent = this.incoming();
    if (sent === undefined) return;
    const expected = sent.slice(this.at, chunk.length);
    if (expected === undefined || expected.equals(chunk)) return;
    const { at } = this;
    if (expected.length < chunk.length) {
      this.violation(`more than was sent: ${chunk.length} bytes at ${at}`);
    } else {
      this.violation(`other bytes than were sent, ${chunk.length} at ${at}`);
    }
  }

  /** Checks that EOF comes after all bytes whose write callback was called. */
  checkEnd() {
    const sent = this.incoming();
    if (!this.isEnded || !sent || this.position() >= sent.acknowledged) return;
    this.violation(`an end, and written bytes are lost: ${this.position()}`);
  }

  /** Checks that the text read is the beginning of the text sent. */
  checkTexts() {
    const { readableEncoding } = this.socket;
    const sent = this.incoming();
    if (this.texts.length === 0 || !sent || this.textFrom === undefined) return;
    const bytes = sent.slice(this.textFrom, sent.sent - this.textFrom);
    if (bytes === undefined) return;
    const decoder = new StringDecoder(readableEncoding);
    const whole = decoder.write(bytes) + decoder.end();
    // After an early EOF a part of a character may remain.
    const got = this.texts.join('').slice(0, this.isAbrupt ? -4 : undefined);
    if (!whole.startsWith(got)) this.violation('other text than was sent');
  }

  /**
   * Runs the rules that wait for this event.
   *
   * @param {string} on
   * @param {number} [amount] of 'bytes', or how many standstills there were
   */
  fire(on, amount = 0) {
    for (const rule of this.rules) {
      if (rule.isFired || rule.on !== on) continue;
      if (counted.includes(on) && amount < (rule.n ?? 0)) continue;
      rule.isFired = true;
      this.run(rule);
    }
    if (!counted.includes(on) && !on.startsWith('peer')) {
      this.peer?.fire(`peer ${on}`);
    }
  }

  /** Does the same, but outside of the module's callbacks. */
  fireAside(on, amount) {
    try {
      this.fire(on, amount);
    } catch (error) {
      if (!error.isMeant) throw error;
      this.note('threw');
    }
  }

  /** @param {{ at?: string, do: object[], name?: string }} rule */
  run(rule) {
    const { game, who } = this;
    const { name = 'aside' } = rule;
    const act = () => {
      game.activity++;
      game.owed.delete(act);
      if (rule.at === 'immediate') game.delivered(who, name);
      for (const op of rule.do) game.operate(this, op);
    };
    if (!rule.at || rule.at === 'sync') return act();
    game.owed.add(act);
    if (rule.at === 'immediate' && game.guide?.holds(this)) {
      return game.guide.holdAside(who, name, act, () => {
        return this.socket?.destroyed && !this.isClosed;
      });
    }
    return later[rule.at](act);
  }
}

/** Connects the two ends of a connection. */
function pair(client, accepted) {
  client.peer = accepted;
  accepted.peer = client;
  client.inStream = accepted.out;
  accepted.inStream = client.out;
}

module.exports = { Endpoint, pair };
