'use strict';

/*
 * Replays a program on node with its events in the order of another run. Which of
 * two ends gets its event first is chance; what the program does then is not. Given
 * the same order, node must reach the same result.
 *
 * Only events of different ends are reordered. The events of one end keep their
 * order, a connection precedes the connect that made it, and a close is never held
 * back. Two differences that README allows are replayed too: EOF together with the
 * last bytes, and several connections in one iteration.
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

/** Iterations to wait for the next entry of the order before it is skipped. */
const PATIENCE = 8;
/** Iterations without a new event after which the kernel has no more to report. */
const CALM = 3;
/** Longer than any timer of a program, in milliseconds. */
const LONGEST_TIMER = 100;

const connects = ['connect', 'connect6'];
const sends = [
  ...['writeBuffer', 'writev', 'shutdown', 'writeUtf8String'],
  ...['writeAsciiString', 'writeLatin1String', 'writeUcs2String'],
];

const simple = { plan: { rules: [] } };

/** True when the program uses the handle itself, so that its reads are not held back. */
function isSteered({ plan } = simple) {
  return /"(readStart|readStop|tap)"/.test(JSON.stringify(plan.rules));
}

const isMark = ([who]) => who === 'game';

/** Calls back in the loop's poll phase, as sockets do. */
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

  /** Calls back in this iteration, after the ticks, by a message from a message. */
  again() {
    this.ports[1].postMessage(true);
  }

  stop() {
    this.ports[0].close();
  }
}

/** Holds back each event until it is next in the order. */
class Guide {
  /**
   * @param {object} game
   * @param {any[][]} order of the other run: the end and the event of each delivery
   */
  constructor(game, order) {
    Object.assign(this, { game, order, at: 0, waited: 0, calm: 0 });
    this.counts = new Map();
    this.bytes = new Map();
    /** By end: how many entries the order has until the next standstill. */
    this.expected = new Map();
    this.expect();
    /** `held`: events of the loop. `asides`: actions of an end's own immediates. */
    this.held = [];
    this.asides = [];
    this.connections = [];
    this.isScheduled = false;
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
   * Notes that an event was delivered to an end.
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

  isDelivered([who, what, bytes]) {
    if (bytes === undefined) return this.count(who, what, -1);
    return (this.bytes.get(who) ?? 0) >= bytes;
  }

  /** @returns {any[] | undefined} the next entry of the order, up to a standstill */
  get head() {
    const head = this.order[this.at];
    return head && !isMark(head) ? head : undefined;
  }

  advance() {
    while (this.head && this.isDelivered(this.head)) this.step();
  }

  step() {
    const [who] = this.head;
    this.expected.set(who, this.expected.get(who) - 1);
    this.waited = 0;
    this.since = undefined;
    this.at++;
  }

  // Both runs stand still: entries that are missing by now will not come.
  skipTo(what) {
    const found = this.order.findIndex(
      (entry, i) => i >= this.at && isMark(entry) && entry[1] === what,
    );
    if (found < 0) return;
    this.at = found + 1;
    this.expect();
  }

  /** True for an end that is next, or that has no entry left before the standstill. */
  isFree(who) {
    return this.head?.[0] === who || !this.expected.get(who);
  }

  /** True for an event that may be delivered. A timer fires when it fires. */
  mayDeliver({ who, isTimer }) {
    const isTimed = this.isHead({ who, what: 'timeout' });
    return this.isFree(who) && (!isTimed || isTimer);
  }

  /**
   * True when the other run delivered bytes to this end and 'end' directly after them.
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
   * Delivers an event when its end is next.
   *
   * @param {string} who
   * @param {() => any} deliver
   * @param {{ waits?: boolean, isTimer?: boolean }} [how] `waits` for the next event
   *   of the same end, to be delivered with it
   */
  hold(who, deliver, { waits = false, isTimer = false } = {}) {
    const isNext = this.head?.[0] === who;
    if (this.isLive && isNext && !waits && !this.has(who)) return deliver();
    this.held.push({ who, deliver, waits, isTimer });
    this.calm = 0;
    this.schedule();
    return undefined;
  }

  has(who) {
    return this.held.some((one) => one.who === who);
  }

  /** Returns true for an end whose events are held back: its actions are, too. */
  holds(endpoint) {
    return !isSteered(endpoint);
  }

  /**
   * Runs an action of an end in an immediate, when it is next. Events that the end
   * already has by then may come before or after it; later events come after it. A
   * close is not held back.
   *
   * @param {string} who
   * @param {string} what
   * @param {() => void} deliver
   * @param {() => boolean} [isClosing] true when the end is about to be closed
   */
  holdAside(who, what, deliver, isClosing = () => false) {
    const one = { who, what, deliver, isDue: false, first: [] };
    this.asides.push(one);
    setImmediate(() => {
      if (!this.asides.includes(one)) return undefined;
      one.isDue = true;
      one.first = this.held.filter((each) => each.who === who);
      const isBehind = one.first.length > 0 && !this.isHead(one);
      const waits = isBehind || !this.isFree(who);
      if (waits && !isClosing()) return this.schedule();
      this.asides.splice(this.asides.indexOf(one), 1);
      return deliver();
    });
  }

  /**
   * @param {string} who an end that is about to be made
   * @returns {Promise<void> | undefined} resolves when it is next; undefined if it is
   */
  startOf(who) {
    if (this.isFree(who)) return undefined;
    return new Promise((resolve) =>
      this.holdAside(who, 'made', () => setImmediate(resolve)),
    );
  }

  /**
   * Reports a connection to its server when it is next.
   *
   * @param {() => void} deliver
   */
  holdConnection(deliver) {
    this.connections.push(deliver);
    this.calm = 0;
    this.schedule();
  }

  awaitsStart() {
    for (let i = this.at; i < this.order.length; i++) {
      if (isMark(this.order[i])) return false;
      if (this.order[i][1] === 'start') return true;
    }
    return false;
  }

  /** Delivers at once all events that are held for an end. */
  flush(who) {
    const due = this.held.filter((one) => one.who === who);
    this.held = this.held.filter((one) => one.who !== who);
    for (const { deliver } of due) deliver();
  }

  /** Takes an event that may be delivered. */
  next() {
    return this.nextConnection() ?? this.nextAside() ?? this.nextHeld();
  }

  nextConnection() {
    const isDue = this.head?.[1] === 'start' || !this.awaitsStart();
    return isDue ? this.connections.shift() : undefined;
  }

  // An aside runs in the poll phase only where it did so in the other run.
  nextAside() {
    const index = this.asides.findIndex(
      (one) => !this.head || this.isHead(one),
    );
    return index < 0 ? undefined : this.asides.splice(index, 1)[0].deliver;
  }

  /** Runs the asides that are due, in the check phase. */
  doAsides() {
    const isBehind = ({ first }) =>
      first.some((one) => this.held.includes(one));
    const due = this.asides.filter((one) => {
      const { who, isDue, first } = one;
      // The events before it have just been delivered: no other end delays it.
      const isFree = first.length > 0 || this.isFree(who);
      return isDue && isFree && !isBehind(one);
    });
    this.asides = this.asides.filter((one) => !due.includes(one));
    for (const { deliver } of due) setImmediate(deliver);
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
    const index = held.findIndex(
      (one) => this.mayDeliver(one) && !isBehind(one),
    );
    if (index < 0) return undefined;
    const { who, deliver, waits } = held[index];
    const more = held.findIndex((one, i) => i > index && one.who === who);
    if (!waits || this.isLate()) return held.splice(index, 1)[0].deliver;
    if (more < 0) return undefined;
    const [second] = held.splice(more, 1);
    held.splice(index, 1);
    // Immediates of the first event come after the second.
    this.following = second.deliver;
    return deliver;
  }

  /** True when the next entry of the order is unlikely to come. */
  isLate() {
    if (this.head?.[1] !== 'timeout') return this.waited > PATIENCE;
    this.since ??= performance.now();
    return performance.now() - this.since > LONGEST_TIMER;
  }

  /**
   * Looks once per iteration while something is held back. Once no new event has come
   * for a while, it delivers everything that is next. Events that the other run had in
   * one iteration are thus delivered in one.
   */
  schedule() {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.clock.tick();
  }

  look() {
    this.isScheduled = false;
    this.game.activity++;
    const { asides, held, connections } = this;
    if (asides.length + held.length + connections.length > 0) this.schedule();
    if (++this.calm < CALM) {
      this.doAsides();
      return;
    }
    // Events caused by these deliveries may be next, and then belong to this iteration.
    this.isLive = true;
    setImmediate(() => (this.isLive = false));
    if (!this.goOn()) this.wait();
  }

  /** Delivers the next event, then schedules itself. False if there is none. */
  goOn() {
    const { following } = this;
    this.following = undefined;
    const deliver = following ?? this.next();
    if (deliver === undefined) {
      this.doAsides();
      return false;
    }
    this.clock.again();
    deliver();
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
      // The listener gets its connection first.
      for (const deliver of own.connections.splice(0)) deliver();
      // A late report carries the current state of the connection.
      const isLost = results[0] === 0 && isReset(handle);
      complete(isLost ? [UV_ECONNRESET, ...results.slice(1)] : results);
    });
  });
}

/** Delivers completed and canceled requests before the close. */
function holdSends(handle, { hold, flush }) {
  hookRequests(handle, sends, (complete, results) => {
    if (results[0] === UV_ECANCELED) flush();
    const deliver = () => complete(results);
    if (results[0] === UV_ECANCELED) deliver();
    else hold(deliver);
  });
  for (const verb of ['close', 'reset']) {
    const original = handle[verb];
    handle[verb] = function (callback, ...rest) {
      const delivered = (...args) => {
        flush();
        return callback?.apply(this, args);
      };
      return Reflect.apply(original, this, [delivered, ...rest]);
    };
  }
}

/** Keeps bytes of the program's own buffer, which is reused before their delivery. */
function withBytes(socket, length, deliver) {
  const symbols = Object.getOwnPropertySymbols(socket);
  const key = symbols.find(({ description }) => description === 'kBuffer');
  const buffer = key && socket[key];
  if (!buffer) return deliver;
  const bytes = Buffer.from(buffer.subarray(0, length));
  return () => {
    buffer.set(bytes);
    return deliver();
  };
}

function holdConnections(server, own) {
  hookConnections(server, (deliver) => own.holdConnection(deliver));
}

/**
 * @param {object} game
 * @param {any[][]} order of another run
 */
function guide(game, order) {
  const own = new Guide(game, order);
  game.guide = own;
  const ends = new WeakMap();
  // A client has its end only after connect() has returned.
  const holderOf = (socket) => ({
    hold: (deliver) => own.hold(ends.get(socket)?.who ?? 'nobody', deliver),
    flush: () => own.flush(ends.get(socket)?.who ?? 'nobody'),
  });
  const holdReads = (socket, endpoint) => {
    if (isSteered(endpoint)) return;
    hookReads(socket, (code, deliver) => {
      // With buffers of several sizes, the bytes fit only where they were read.
      const { onread } = endpoint.plan;
      if (code > 0 && onread && !onread.size) return deliver();
      const waits = code > 0 && own.isLast(endpoint.who);
      const { plan } = endpoint;
      const delivered =
        plan.onread && code > 0 ? withBytes(socket, code, deliver) : deliver;
      return own.hold(endpoint.who, delivered, { waits });
    });
  };
  hookNet(game, {
    listening: (server) => holdConnections(server, own),
    clientHandle(handle, socket) {
      const holder = holderOf(socket);
      holdConnect(handle, holder.hold, own);
      const send = (deliver) =>
        isSteered(ends.get(socket)) ? deliver() : holder.hold(deliver);
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
