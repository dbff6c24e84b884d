'use strict';

/*
 * What a run works with: the modules under test, the handles that may be
 * misused, and what was found.
 */

const path = require('node:path');
const { isUint8Array } = require('node:util').types;
const { Call, HostileError } = require('./call');
const { Callbacks } = require('./callbacks');
const { Connection, Connections } = require('./connections');
const { Heirs } = require('./heirs');
const { Descriptors, Slots, slotOf } = require('./ownership');
const { Listeners } = require('./listeners');
const { Random } = require('./random');
const { Subjects } = require('./subjects');
const { readTrace } = require('./trace');
const { Values } = require('./values');

const MOST_HANDLES = 60;
const MOST_STALE = 400;
const MOST_CLOSED = 20_000;
const MOST_FOUND = 60;
const MOST_ALIKE = 2;

function load(root) {
  const of = (name) => require(path.join(root, name));
  return {
    net: of('index.js'),
    handles: of('handles.js'),
    bridge: of('bridge.js'),
    native: of('lib/native.js'),
    binding: of('lib/binary.js').loadBinary(),
    dispatch: of('lib/dispatch.js'),
  };
}

/** What a finding says, without what differs from one to the next. */
const withoutNumbers = (text) => text.replace(/[0-9a-f]{4,}|\d+/g, '');

class World {
  /** Calls that were made; bytes that came to the peers. */
  made = 0;
  nested = 0;
  bytes = 0;
  usedRequests = [];
  tickets = [];
  instances = new Map();
  findings = [];
  /** Errors that are no caller's business, by their text. */
  soft = new Map();
  #connections = new WeakMap();
  /** Handles that are open, or were when they were last looked at. */
  #handles = [];
  #stale = [];
  #kept = [];
  /** Closed handles by the number that they still have. */
  #closed = new Map();

  constructor({ root, seed, trace, folder }) {
    Object.assign(this, load(root));
    this.root = root;
    this.seed = seed;
    this.trace = trace;
    this.folder = folder;
    this.random = new Random(seed, 0x7fffffff);
    this.slots = new Slots(this);
    this.descriptors = new Descriptors(this);
    this.values = new Values(this);
    this.callbacks = new Callbacks(this);
    this.heirs = new Heirs(this);
    this.pool = new Connections(this);
    this.listeners = new Listeners(this);
    this.subjects = new Subjects(this);
    /** For calls that no handle is in. */
    this.nobody = new Connection(undefined);
    const { close, hasRef, ref, unref } = this.handles.tcp_wrap.TCP.prototype;
    this.verbs = { close, hasRef, ref, unref };
  }

  found(kind, text) {
    const alike = ({ kind: other, text: said }) =>
      kind === other && withoutNumbers(said) === withoutNumbers(text);
    const isKnown = this.findings.filter(alike).length >= MOST_ALIKE;
    if (isKnown || this.findings.length >= MOST_FOUND) return;
    // The calls before the first.
    this.last ??= readTrace(this.trace.file);
    this.findings.push({ kind, call: this.made, text });
  }

  sawError(error, where = 'event') {
    if (error instanceof HostileError) return;
    const code = error?.code;
    const text = `${error?.name} ${code ?? ''} ${String(error?.message)}`;
    if (/GenericFailure|panic/i.test(`${code} ${text}`)) {
      this.note(`${where}: ${text}`);
    }
  }

  note(text) {
    const short = text.slice(0, 160);
    if (this.soft.size < 200 || this.soft.has(short)) {
      this.soft.set(short, (this.soft.get(short) ?? 0) + 1);
    }
  }

  remember(list, thing, most) {
    list.push(thing);
    if (list.length > most) list.shift();
  }

  /** Memory with poison in it, which must not be given away again too soon. */
  keep(memory) {
    if (memory !== undefined) this.remember(this.#kept, memory, 50);
  }

  // Handles.

  know(handle, connection) {
    this.#connections.set(handle, connection);
  }

  /** Lets calls be made on the handle. */
  track(handle) {
    this.#handles.push(handle);
  }

  /** Notes that an object stands for a handle. */
  alias(object, handle) {
    const connection = this.connectionIfKnown(handle);
    if (connection !== undefined) this.#connections.set(object, connection);
    return object;
  }

  knows(handle) {
    return this.#connections.has(handle);
  }

  connectionIfKnown(handle) {
    const isObject = typeof handle === 'object' && handle !== null;
    return isObject ? this.#connections.get(handle) : undefined;
  }

  connectionOf(handle) {
    return this.connectionIfKnown(handle) ?? this.nobody;
  }

  isHandle(value) {
    const { tcp_wrap, pipe_wrap } = this.handles;
    return value instanceof tcp_wrap.TCP || value instanceof pipe_wrap.Pipe;
  }

  /** Takes a handle that a call or an event has made. */
  admit(handle) {
    if (!this.isHandle(handle) || this.knows(handle)) return;
    if (slotOf(handle) < 0) return;
    this.know(handle, new Connection(handle, this.pool.stranger));
    this.track(handle);
    handle.onread = this.callbacks.onread;
    handle.onconnection = this.callbacks.onconnection;
    if (this.#handles.length > MOST_HANDLES) this.#sift();
  }

  adopt(values) {
    for (const value of values) {
      if (typeof value === 'object' && value !== null) this.admit(value);
    }
  }

  #sift() {
    this.#handles = this.#handles.filter((handle) => {
      if (!this.isClosed(handle)) return true;
      this.remember(this.#stale, handle, MOST_STALE);
      return false;
    });
    const live = new Set(this.pool.live.map(({ handle }) => handle));
    const spare = this.#handles.filter((handle) => !live.has(handle));
    for (const handle of spare.slice(0, -MOST_HANDLES / 2)) this.close(handle);
  }

  isClosed(handle) {
    const { hasRef, ref } = this.verbs;
    if (hasRef.call(handle)) return false;
    ref.call(handle);
    return !hasRef.call(handle);
  }

  isGone(handle) {
    return handle === undefined || this.isClosed(handle);
  }

  /** A handle that is open is the one that its slot's events go to. */
  checkSlots() {
    for (const handle of this.#handles) {
      const slot = slotOf(handle);
      if (slot < 0 || this.isClosed(handle)) continue;
      if (this.handleIn(slot) === handle) continue;
      this.found(
        'slot',
        `an open handle goes by slot ${slot}, which it has lost`,
      );
    }
  }

  isListener(handle) {
    return this.connectionIfKnown(handle)?.isListener === true;
  }

  close(handle) {
    if (handle !== undefined && this.knows(handle)) {
      this.verbs.close.call(handle);
    }
  }

  handleIn(slot) {
    return slot >= 0 ? this.dispatch.openHandle(slot) : undefined;
  }

  someConnection(random) {
    const { live } = this.pool;
    return live.length > 0 ? random.pick(live) : undefined;
  }

  someStale(random) {
    return this.#stale.length > 0 ? random.pick(this.#stale) : undefined;
  }

  someHandle(random) {
    if (random.chance(15)) return this.someStale(random);
    if (random.chance(10)) return this.foreign;
    if (random.chance(12)) return this.listeners.some(random);
    const isLive = random.chance(60) || this.#handles.length === 0;
    return isLive
      ? this.someConnection(random)?.handle
      : random.pick(this.#handles);
  }

  someKey(random) {
    return random.chance(50)
      ? this.slots.ownSlot(random)
      : slotOf(this.someHandle(random));
  }

  someSubject(random) {
    return this.subjects.some(random);
  }

  ports() {
    const { publicPort } = this.pool;
    const ports = [
      publicPort,
      publicPort,
      0,
      1,
      65_535,
      ...this.listeners.ports,
    ];
    for (const handle of this.#handles) {
      const connection = this.#connections.get(handle);
      if (connection.port > 0) ports.push(connection.port);
    }
    return ports;
  }

  paths() {
    const { publicPath } = this.pool;
    return [publicPath, this.listeners.path, 'p1', 'p2', './p3'];
  }

  // Things that happen.

  collectGarbage() {
    globalThis.gc?.({ type: 'minor' });
  }

  /** A write that nobody could object to. */
  honestWrite(connection, size) {
    const { stream_wrap, tcp_wrap } = this.handles;
    const request = new stream_wrap.WriteWrap();
    request.oncomplete = () => {};
    const bytes = Buffer.alloc(size, connection.mark.letter);
    const write = tcp_wrap.TCP.prototype.writeBuffer;
    write.call(connection.handle, request, bytes);
  }

  userBuffer(random, handle) {
    const connection = this.connectionOf(handle);
    const call = new Call(this, random, connection);
    const buffer = this.values.bytes(call);
    if (isUint8Array(buffer)) connection.userBuffer = { buffer };
    return buffer;
  }

  /** Puts the letter of the slot's connection where `writeOut` reads. */
  markOut(slot) {
    const handle = this.handleIn(typeof slot === 'number' ? slot | 0 : -1);
    this.native.out.fill(this.connectionOf(handle).mark.byte);
  }

  /** Handles come and go: slots are given away again. */
  churn(count) {
    const { TCP } = this.handles.tcp_wrap;
    for (let left = count; left > 0; left--) {
      const handle = new TCP(0);
      this.#lookForTwin(handle);
      this.verbs.close.call(handle);
      if (left === 1) this.remember(this.#stale, handle, MOST_STALE);
      this.#remember(handle);
    }
  }

  // A closed handle that still has its number, which another has by now.
  #lookForTwin(handle) {
    const slot = slotOf(handle);
    const twin = this.#closed.get(slot);
    if (twin === undefined || slotOf(twin) !== slot) return;
    const { setCoalesce } = this.handles.tcp_wrap.TCP.prototype;
    const status = setCoalesce.call(twin, true);
    if (status === 0) {
      this.found('closed', `a closed handle reaches the one in slot ${slot}`);
    }
  }

  #remember(handle) {
    const slot = slotOf(handle);
    if (slot < 0) return;
    // The first stay: when numbers come round theirs are the next.
    const isKnown = this.#closed.has(slot);
    if (isKnown || this.#closed.size < MOST_CLOSED) {
      this.#closed.set(slot, handle);
    }
  }

  // It may have no verbs: a constructor can be called for another prototype.
  #closeAnyhow(handle) {
    const { TCP } = this.handles.tcp_wrap;
    if (!this.isHandle(handle)) Object.setPrototypeOf(handle, TCP.prototype);
    this.verbs.close.call(handle);
  }

  closeAll() {
    for (const handle of this.#handles) this.close(handle);
    this.#handles = [];
    // Those that no listener has been given, as it was none.
    for (const handle of this.dispatch.openHandles()) {
      if (!this.slots.isProtected(handle)) this.#closeAnyhow(handle);
    }
    this.subjects.close();
    this.pool.close();
    this.listeners.close();
    this.slots.close();
    this.descriptors.close();
    this.foreignSocket?.destroy();
  }
}

module.exports = { World };
