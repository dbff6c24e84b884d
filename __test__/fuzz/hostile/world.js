'use strict';

/*
 * The state of a run: the modules under test, the handles that may be misused,
 * and the findings.
 */

const path = require('node:path');
const { isUint8Array } = require('node:util').types;
const { Call, HostileError } = require('./call');
const { Callbacks } = require('./callbacks');
const { Connection, Connections } = require('./connections');
const { Heirs } = require('./heirs');
const { Descriptors, Slots, slotOf } = require('./ownership');
const { Listeners } = require('./listeners');
const { withOldMethods } = require('./patches');
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
    native: of('lib/handle/native.js'),
    binding: of('lib/handle/binary.js').loadBinary(),
    dispatch: of('lib/handle/dispatch.js'),
  };
}

/** Removes the parts of a finding's text that differ each time. */
const withoutNumbers = (text) => text.replace(/[0-9a-f]{4,}|\d+/g, '');

class World {
  /** The number of calls made, and of bytes that reached the peers. */
  made = 0;
  nested = 0;
  bytes = 0;
  usedRequests = [];
  tokens = [];
  instances = new Map();
  findings = [];
  /** Errors that are not meant for a caller, by their text. */
  soft = new Map();
  #connections = new WeakMap();
  /** Handles that are open, or were at the last check. */
  #handles = [];
  #stale = [];
  #kept = [];
  /** Closed handles, by the slot number that they still have. */
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
    /** The connection of calls without a handle. */
    this.nobody = new Connection(undefined);
    const { close, hasRef, ref, unref } = this.handles.tcp_wrap.TCP.prototype;
    this.verbs = { close, hasRef, ref, unref };
  }

  found(kind, text) {
    const alike = ({ kind: other, text: said }) =>
      kind === other && withoutNumbers(said) === withoutNumbers(text);
    const isKnown = this.findings.filter(alike).length >= MOST_ALIKE;
    if (isKnown || this.findings.length >= MOST_FOUND) return;
    // The calls before the first finding.
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

  /** Keeps poisoned memory alive, so that it is not reused too soon. */
  keep(memory) {
    if (memory !== undefined) this.remember(this.#kept, memory, 50);
  }

  // Handles.

  know(handle, connection) {
    this.#connections.set(handle, connection);
  }

  /** Makes the handle a receiver of calls. */
  track(handle) {
    this.#handles.push(handle);
  }

  /** Records that an object stands for a handle. */
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

  /** Takes over a handle that a call or an event has created. */
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

  /**
   * Checks that each open handle is the one that receives its slot's events.
   */
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

  /** Makes a legitimate write. */
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
    const buffer = withOldMethods(() => this.values.bytes(call));
    if (isUint8Array(buffer)) connection.userBuffer = { buffer };
    return buffer;
  }

  /**
   * Fills the memory that `writeOut` reads with the letter of the slot's
   * connection.
   */
  markOut(slot) {
    const handle = this.handleIn(typeof slot === 'number' ? slot | 0 : -1);
    this.native.out.fill(this.connectionOf(handle).mark.byte);
  }

  /** Creates and closes handles, so that slots are reused. */
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

  // Checks that a closed handle does not reach the new owner of its slot.
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
    // Keep the first ones: if numbers wrap around, theirs are used next.
    const isKnown = this.#closed.has(slot);
    if (isKnown || this.#closed.size < MOST_CLOSED) {
      this.#closed.set(slot, handle);
    }
  }

  // The handle may have no verbs: a constructor can be called for another
  // prototype.
  #closeAnyhow(handle) {
    const { TCP } = this.handles.tcp_wrap;
    if (!this.isHandle(handle)) Object.setPrototypeOf(handle, TCP.prototype);
    this.verbs.close.call(handle);
  }

  closeAll() {
    for (const handle of this.#handles) this.close(handle);
    this.#handles = [];
    // Handles that were not passed to any listener.
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
