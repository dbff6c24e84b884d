'use strict';

/*
 * Generates the operations of one end, and when it does them.
 */

const { kinds } = require('./data');

const edges = [4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537];
const encodings = ['utf8', 'hex', 'base64', 'latin1', 'utf16le', 'base64url'];

const weights = {
  ...{ write: 40, burst: 6, cork: 8, chain: 5, fill: 3, end: 12 },
  ...{ destroy: 5, resetAndDestroy: 4, destroySoon: 3, abort: 1 },
  ...{ pause: 6, resume: 6, read: 3, unshift: 3, setEncoding: 1 },
  ...{ pipe: 4, unpipe: 2, setTimeout: 2, ref: 1, unref: 1, setNoDelay: 2 },
  ...{ setKeepAlive: 2, mark: 8, probe: 3, tap: 2, readStop: 3, readStart: 4 },
  ...{ move: 4, connectAgain: 2, closeServer: 3, countConnections: 2 },
  ...{ listenAgain: 1, throw: 1, destroyAll: 1 },
};

const moments = {
  ...{ start: 20, connect: 12, ready: 3, bytes: 30, end: 8, finish: 5 },
  ...{ drain: 4, timeout: 2, error: 2, close: 3, stall: 10 },
  ...{ 'peer end': 3, 'peer connect': 3, 'peer finish': 2, 'peer close': 2 },
};

/** Generates operations within a byte budget for the whole program. */
class Operations {
  /**
   * @param {import('./random').Random} random
   * @param {string[]} ids of all ends
   * @param {number} budget in bytes
   */
  constructor(random, ids, budget) {
    Object.assign(this, { random, ids, budget });
    this.nextId = 0;
  }

  size(most = 2 ** 20) {
    const { random } = this;
    const drawn = Number(
      random.weighted({
        0: 4,
        16: 34,
        512: 24,
        5000: 18,
        1: 10,
        70000: 7,
        1048576: 3,
      }),
    );
    const size = drawn === 1 ? random.pick(edges) : random.below(drawn + 1);
    return Math.max(0, Math.min(size, most, this.budget));
  }

  /** Returns a size and a kind, and takes the bytes from the budget. */
  chunk(most, times = 1) {
    const { random } = this;
    const size = this.size(Math.min(most ?? 2 ** 20, this.budget / times));
    this.budget -= size * times;
    const kind = random.chance(50) ? 'buffer' : random.pick(kinds);
    return { size: Math.floor(size), kind };
  }

  write(depth = 0) {
    const { random } = this;
    const op = { op: 'write', id: this.nextId++, ...this.chunk() };
    if (random.chance(60)) op.cb = true;
    if (op.cb && depth < 3 && random.chance(30)) {
      op.then = this.list(1 + random.below(2), depth + 1);
    }
    return op;
  }

  burst() {
    const n = this.random.between(2, 40);
    return { op: 'burst', id: this.nextId++, n, ...this.chunk(20_000, n) };
  }

  cork() {
    const { random } = this;
    const chunks = Array.from({ length: random.between(1, 5) }, () => {
      const n = random.chance(20)
        ? random.between(200, 1500)
        : random.between(1, 9);
      const one = { n, ...this.chunk(n > 100 ? 20 : 5000, n) };
      return random.chance(50) ? { ...one, cb: true } : one;
    });
    const op = { op: 'cork', id: this.nextId++, chunks };
    if (random.chance(15)) op.end = true;
    if (random.chance(30)) op.later = true;
    return op;
  }

  chain() {
    const { random } = this;
    const n = random.between(2, 30);
    const op = { op: 'chain', id: this.nextId++, n };
    if (random.chance(25)) {
      op.list = random.pick([3, 1000, 1024, 1025, 2000]);
      if (random.chance(50)) Object.assign(op, { n: 60, timer: true });
      return { ...op, size: random.below(4), kind: 'buffer' };
    }
    if (random.chance(20)) op.move = this.way();
    return { ...op, ...this.chunk(9000, n) };
  }

  fill() {
    const n = this.random.between(5, 60);
    return { op: 'fill', n, ...this.chunk(65_536, n) };
  }

  end() {
    const { random } = this;
    const data = random.chance(40) ? this.chunk() : {};
    const op = { op: 'end', id: this.nextId++, ...data };
    return random.chance(50) ? { ...op, cb: true } : op;
  }

  way() {
    return this.random.pick([
      'attach',
      'attach',
      'there',
      'toNode',
      'fromNode',
    ]);
  }

  /** Returns the parameters of the other operations. */
  details(name) {
    const { random } = this;
    const to = () => random.pick(this.ids);
    const makers = {
      destroy: () => (random.chance(40) ? { error: true } : {}),
      read: () => ({ n: random.pick([undefined, 1, 3, 100, 5000]) }),
      unshift: () => ({ n: random.pick([1, 2, 10, 300, 5000]) }),
      setEncoding: () => ({ encoding: random.pick(encodings) }),
      pipe: () => ({
        to: to(),
        keep: random.chance(20),
        end: random.chance(80),
      }),
      unpipe: () => ({ to: to() }),
      setTimeout: () => ({
        ms: random.pick([25, 30, 40]),
        kills: random.chance(50),
      }),
      setNoDelay: () => ({ on: random.chance(70) }),
      setKeepAlive: () => ({ on: random.chance(70) }),
      mark: () => ({
        at: random.pick(['tick', 'micro', 'immediate', 'immediate']),
        id: this.nextId++,
      }),
      move: () => ({ how: this.way() }),
      closeServer: () => ({ server: 0 }),
      countConnections: () => ({ server: 0 }),
      listenAgain: () => ({ server: 0 }),
      destroyAll: () => ({ ids: this.ids.filter(() => random.chance(60)) }),
    };
    return makers[name]?.() ?? {};
  }

  one(depth = 0) {
    const name = this.random.weighted(weights);
    if (name === 'write') return this.write(depth);
    if (['burst', 'cork', 'chain', 'fill', 'end'].includes(name)) {
      return this[name]();
    }
    return { op: name, ...this.details(name) };
  }

  list(length, depth = 0) {
    return Array.from({ length }, () => this.one(depth));
  }

  rule() {
    const { random } = this;
    // With several connections it is undefined which end gets its event first.
    const drawn = random.weighted(moments);
    const on =
      this.ids.length > 2 && drawn === 'peer connect' ? 'start' : drawn;
    const rule = { on, do: this.list(random.between(1, 4)) };
    if (on === 'bytes') rule.n = random.chance(50) ? 1 : this.size(200_000);
    if (on === 'stall') rule.n = random.between(1, 2);
    const at = random.weighted({
      sync: 60,
      tick: 12,
      micro: 10,
      immediate: 18,
    });
    return at === 'sync' ? rule : { ...rule, at };
  }

  rules(most) {
    const length = this.random.between(0, most);
    return Array.from({ length }, () => this.rule());
  }
}

module.exports = { Operations, encodings };
