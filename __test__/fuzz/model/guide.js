'use strict';

/*
 * Replays a program on node with its events in the order of another run. Which of
 * two ends has its event first is chance; what the program does then is not. In the
 * same order node must come to the same result.
 *
 * Only events of different ends change places. The events of one end keep their
 * order, a connection precedes the connect that made it, and a close is never held.
 * README allows two differences, which are replayed too: EOF together with the last
 * bytes, and several connections in one iteration.
 */

const { MessageChannel } = require('node:worker_threads');

const { isReset } = require('./disturb');
const {
  hookConnections,
  hookNet,
  hookReads,
  hookRequests,
} = require('./hooks');

const { UV_ECANCELED, UV_ECONNRESET } = process.binding('uv');

/** Iterations after which what is next in the order is waited for no longer. */
const PATIENCE = 8;
/** Iterations without anything new after which the kernel has said all it has to. */
const CALM = 3;
/** More than a program's timers take, in milliseconds. */
const LONGEST_TIMER = 100;

const connects = ['connect', 'connect6'];
const sends = [
  ...['writeBuffer', 'writev', 'shutdown', 'writeUtf8String'],
  ...['writeAsciiString', 'writeLatin1String', 'writeUcs2String'],
];

const simple = { plan: { rules: [] } };

/** Returns true when the program works on the handle itself, so nothing is held. */
function isSteered({ plan } = simple) {
  return /"(readStart|readStop|tap)"/.test(JSON.stringify(plan.rules));
}

const isMark = ([who]) => who === 'game';

/** Calls back in the loop's poll phase, in which it tells of sockets, too. */
class Clock {
  /** @param {(isAgain: boolean) => void} listener */
  constructor(listener) {
    const { port1, port2 } = new MessageChannel();
    this.ports = [port1, port2];
    port1.on('message', listener);
  }

  /** Calls back in the next iteration. */
  tick() {
    setImmediate(() => this.ports[1].postMessage(false));
  }

  /** Calls back in this iteration, after the ticks: a message sent from a message. */
  again() {
    this.ports[1].postMessage(true);
  }

  stop() {
    this.ports[0].close();
  }
}

/** Holds back what is not next in the order. */
class Guide {
  /**
   * @param {object} game
   * @param {any[][]} order of the other run: who was told what
   */
  constructor(game, order) {
    Object.assign(this, { game, order, at: 0, waited: 0, calm: 0 });
    this.counts = new Map();
    this.bytes = new Map();
    /** How often an end comes in the order until the next standstill. */
    this.expected = new Map();
    this.expect();
    /** `held`: events from the loop. `asides`: what an end does on its own, later. */
    this.held = [];
    this.asides = [];
    this.connections = [];
    this.isTurning = false;
    this.isLive = false;
    this.clock = new Clock((isAgain) => {
      if (isAgain) this.goOn();
      else this.look();
    });
    /** The event that must follow the one just delivered. */
    this.following = undefined;
  }

  expect() {
    this.expected.clear();
    for (let i = this.at; i < this.order.length; i++) {
      if (isMark(this.order[i])) break;
      const [who] = this.order[i];
      this.expected.set(who, (this.expected.get(who) ?? 0) + 1);
    }
  }

  /**
   * Hears what was told to an end.
   *
   * @param {string} who
   * @param {string} what
   * @param {number} [bytes]
   */
  note(who, what, bytes) {
    if (who === 'game') this.skipTo(what);
    else if (bytes !== undefined) this.bytes.set(who, bytes);
    else this.count(who, what, 1);
    this.advance();
  }

  count(who, what, change) {
    const key = `${who} ${what}`;
    const count = this.counts.get(key) ?? 0;
    if (count + change < 0) return false;
    this.counts.set(key, count + change);
    return true;
  }

  isTold([who, what, bytes]) {
    if (bytes === undefined) return this.count(who, what, -1);
    return (this.bytes.get(who) ?? 0) >= bytes;
  }

  /** @returns {any[] | undefined} what is to be told next, of this phase */
  get head() {
    const head = this.order[this.at];
    return head && !isMark(head) ? head : undefined;
  }

  advance() {
    while (this.head && this.isTold(this.head)) this.step();
  }

  step() {
    const [who] = this.head;
    this.expected.set(who, this.expected.get(who) - 1);
    this.waited = 0;
    this.since = undefined;
    this.at++;
  }

  // A standstill of both: what was missing until then will not come.
  skipTo(what) {
    const found = this.order.findIndex(
      (entry, i) => i >= this.at && isMark(entry) && entry[1] === what,
    );
    if (found < 0) return;
    this.at = found + 1;
    this.expect();
  }

  /** True of an end that is next, or whose turn does not come any more. */
  isFree(who) {
    return this.head?.[0] === who || !this.expected.get(who);
  }

  /** True of what may be told: a timer goes off when it does, before or after. */
  mayTell({ who, isTimer }) {
    const isTimed = this.isHead({ who, what: 'timeout' });
    return this.isFree(who) && (!isTimed || isTimer);
  }

  /**
   * True when the other run told an end of bytes and, with nothing in between, that
   * they were the last.
   */
  isLast(who) {
    const { order, at } = this;
    const bytes = order.findIndex(
      ([one, , count], i) => i >= at && one === who && count !== undefined,
    );
    const next = order.find(([one], i) => i > bytes && one === who);
    return bytes >= 0 && next?.[1] === 'end';
  }

  /**
   * Tells something when its end is next.
   *
   * @param {string} who
   * @param {() => any} tell
   * @param {{ waits?: boolean, isTimer?: boolean }} [how] `waits` for what comes next
   *   to the same end, to be told with it
   */
  hold(who, tell, { waits = false, isTimer = false } = {}) {
    const isNext = this.head?.[0] === who;
    if (this.isLive && isNext && !this.has(who)) return tell();
    this.held.push({ who, tell, waits, isTimer });
    this.calm = 0;
    this.turn();
    return undefined;
  }

  has(who) {
    return this.held.some((one) => one.who === who);
  }

  /**
   * Does in an immediate what an end does aside. Of what is held for the end by then
   * it may be that it comes later; what comes later does not come before, and a close
   * is not held.
   *
   * @param {string} who
   * @param {string} what
   * @param {() => void} tell
   * @param {() => boolean} [isClosing] true when the end is about to be closed
   */
  holdAside(who, what, tell, isClosing = () => false) {
    const one = { who, what, tell, isDue: false, first: [] };
    this.asides.push(one);
    setImmediate(() => {
      if (!this.asides.includes(one)) return undefined;
      one.isDue = true;
      one.first = this.held.filter((each) => each.who === who);
      const isBehind = one.first.length > 0 && !this.isHead(one);
      const waits = isBehind || !this.isFree(who);
      if (waits && !isClosing()) return this.turn();
      this.asides.splice(this.asides.indexOf(one), 1);
      return tell();
    });
  }

  /**
   * @param {string} who an end that is to be made
   * @returns {Promise<void> | undefined} when it is next, unless it is
   */
  turnOf(who) {
    if (this.isFree(who)) return undefined;
    return new Promise((resolve) =>
      this.holdAside(who, 'made', () => setImmediate(resolve)),
    );
  }

  /**
   * Tells a server of a connection in its turn.
   *
   * @param {() => void} tell
   */
  holdConnection(tell) {
    this.connections.push(tell);
    this.calm = 0;
    this.turn();
  }

  awaitsStart() {
    for (let i = this.at; i < this.order.length; i++) {
      if (isMark(this.order[i])) return false;
      if (this.order[i][1] === 'start') return true;
    }
    return false;
  }

  /** Tells at once what is held for an end. */
  flush(who) {
    const due = this.held.filter((one) => one.who === who);
    this.held = this.held.filter((one) => one.who !== who);
    for (const { tell } of due) tell();
  }

  /** Takes one that may be told. */
  next() {
    return this.nextConnection() ?? this.nextAside() ?? this.nextHeld();
  }

  nextConnection() {
    const isDue = this.head?.[1] === 'start' || !this.awaitsStart();
    return isDue ? this.connections.shift() : undefined;
  }

  // In the phase in which sockets are served only where the other run did so, too.
  nextAside() {
    const index = this.asides.findIndex(
      (one) => !this.head || this.isHead(one),
    );
    return index < 0 ? undefined : this.asides.splice(index, 1)[0].tell;
  }

  /** Does in its own phase what is due and has waited for what came before. */
  doAsides() {
    const isBehind = ({ first }) =>
      first.some((one) => this.held.includes(one));
    const due = this.asides.filter((one) => {
      const { who, isDue, first } = one;
      // What came before has just been told: it waits for nobody else any more.
      const isFree = first.length > 0 || this.isFree(who);
      return isDue && isFree && !isBehind(one);
    });
    this.asides = this.asides.filter((one) => !due.includes(one));
    for (const { tell } of due) setImmediate(tell);
  }

  isHead({ who, what }) {
    return this.head?.[0] === who && this.head[1] === what;
  }

  nextHeld() {
    const { asides, held } = this;
    const isBehind = (item) =>
      asides.some(
        ({ who, isDue, first }) =>
          who === item.who && isDue && !first.includes(item),
      );
    const index = held.findIndex((one) => this.mayTell(one) && !isBehind(one));
    if (index < 0) return undefined;
    const { who, tell, waits } = held[index];
    const more = held.findIndex((one, i) => i > index && one.who === who);
    if (!waits || this.isLate()) return held.splice(index, 1)[0].tell;
    if (more < 0) return undefined;
    const [second] = held.splice(more, 1);
    held.splice(index, 1);
    // What the first does aside comes behind the second.
    this.following = second.tell;
    return tell;
  }

  /** True when what is next in the order will hardly come. */
  isLate() {
    if (this.head?.[1] !== 'timeout') return this.waited > PATIENCE;
    this.since ??= performance.now();
    return performance.now() - this.since > LONGEST_TIMER;
  }

  /**
   * Looks once in each iteration, as long as something is held. When nothing more has
   * come for a while, all is told that is next: what the other run told in one
   * iteration is then told in one.
   */
  turn() {
    if (this.isTurning) return;
    this.isTurning = true;
    this.clock.tick();
  }

  look() {
    this.isTurning = false;
    this.game.activity++;
    const { asides, held, connections } = this;
    if (asides.length + held.length + connections.length > 0) this.turn();
    if (++this.calm < CALM) {
      this.doAsides();
      return;
    }
    // What is set off by what is told, and is next, comes in the same iteration.
    this.isLive = true;
    setImmediate(() => (this.isLive = false));
    if (!this.goOn()) this.wait();
  }

  /** Tells what is next, one thing after the other. False if there is nothing. */
  goOn() {
    const { following } = this;
    this.following = undefined;
    const tell = following ?? this.next();
    if (tell === undefined) {
      this.doAsides();
      return false;
    }
    this.clock.again();
    tell();
    return true;
  }

  wait() {
    this.waited++;
    if (!this.isLate() || !this.head) return;
    this.step();
    this.advance();
  }
}

function holdConnect(handle, hold, own) {
  hookRequests(handle, connects, (complete, results) => {
    hold(() => {
      // A listener hears first.
      for (const tell of own.connections.splice(0)) tell();
      // What is told late is what has become of it.
      const isLost = results[0] === 0 && isReset(handle);
      complete(isLost ? [UV_ECONNRESET, ...results.slice(1)] : results);
    });
  });
}

/** What was sent is told before the close, as is what the close has cut short. */
function holdSends(handle, { hold, flush }) {
  hookRequests(handle, sends, (complete, results) => {
    if (results[0] === UV_ECANCELED) flush();
    const tell = () => complete(results);
    if (results[0] === UV_ECANCELED) tell();
    else hold(tell);
  });
  for (const verb of ['close', 'reset']) {
    const original = handle[verb];
    handle[verb] = function (callback, ...rest) {
      const told = (...args) => {
        flush();
        return callback?.apply(this, args);
      };
      return Reflect.apply(original, this, [told, ...rest]);
    };
  }
}

/** Bytes in the program's own buffer, which may be used again until they are told. */
function withBytes(socket, length, tell) {
  const symbols = Object.getOwnPropertySymbols(socket);
  const key = symbols.find(({ description }) => description === 'kBuffer');
  const buffer = key && socket[key];
  if (!buffer) return tell;
  const bytes = Buffer.from(buffer.subarray(0, length));
  return () => {
    buffer.set(bytes);
    return tell();
  };
}

function holdConnections(server, own) {
  hookConnections(server, (tell) => own.holdConnection(tell));
}

/**
 * @param {object} game
 * @param {any[][]} order of another run
 */
function guide(game, order) {
  const own = new Guide(game, order);
  game.guide = own;
  const ends = new WeakMap();
  // A client is known when its connect() has returned.
  const holderOf = (socket) => ({
    hold: (tell) => own.hold(ends.get(socket)?.who ?? 'nobody', tell),
    flush: () => own.flush(ends.get(socket)?.who ?? 'nobody'),
  });
  const holdReads = (socket, endpoint) => {
    if (isSteered(endpoint)) return;
    hookReads(socket, (code, tell) => {
      // In buffers of many sizes what was read fits where it was read.
      const { onread } = endpoint.plan;
      if (code > 0 && onread && !onread.size) return tell();
      const waits = code > 0 && own.isLast(endpoint.who);
      const { plan } = endpoint;
      const told =
        plan.onread && code > 0 ? withBytes(socket, code, tell) : tell;
      return own.hold(endpoint.who, told, { waits });
    });
  };
  hookNet(game, {
    listening: (server) => holdConnections(server, own),
    clientHandle(handle, socket) {
      const holder = holderOf(socket);
      holdConnect(handle, holder.hold, own);
      const send = (tell) =>
        isSteered(ends.get(socket)) ? tell() : holder.hold(tell);
      holdSends(handle, { ...holder, hold: send });
    },
    socket(socket, side, endpoint) {
      ends.set(socket, endpoint);
      const { _onTimeout } = socket;
      socket._onTimeout = () =>
        own.hold(endpoint.who, () => _onTimeout.call(socket), {
          isTimer: true,
        });
      socket.on('connect', () => holdReads(socket, endpoint));
      if (side === 'client' || isSteered(endpoint)) return;
      holdSends(socket._handle, holderOf(socket));
      holdReads(socket, endpoint);
    },
  });
}

module.exports = { guide };
