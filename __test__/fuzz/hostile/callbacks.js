'use strict';

/*
 * Functions that rust-net calls. They check their arguments, and then do what
 * no listener should.
 */

const { isProxy } = require('node:util').types;
const { Call } = require('./call');
const { POISON } = require('./marks');
const { MARGIN } = require('./memory');

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
const getter = (name) =>
  Function.prototype.call.bind(
    Object.getOwnPropertyDescriptor(typedArray, name).get,
  );
const bufferOf = getter('buffer');
const offsetOf = getter('byteOffset');
const lengthOf = getter('byteLength');

/** Returns true if the poison around the bytes was overwritten. */
function isSpoilt(memory, offset, size) {
  if (offset !== MARGIN || memory.byteLength !== size + 2 * MARGIN) {
    return false;
  }
  const before = new Uint8Array(memory, 0, MARGIN);
  const behind = new Uint8Array(memory, MARGIN + size);
  const isPoison = (byte) => byte === POISON;
  return !before.every(isPoison) || !behind.every(isPoison);
}

class Callbacks {
  /**
   * For each request, how often it was passed and how often it was completed.
   */
  #requests = new WeakMap();
  /** Counts of requests whose writes wait for room. */
  #waiting = new Set();

  constructor(world) {
    this.world = world;
  }

  // Interferes in some of the callbacks.
  #interfere(handle, where) {
    const { world } = this;
    if (!world.random.chance(12)) return;
    const connection = world.connectionOf(handle);
    const call = new Call(world, world.random, connection);
    // An exception of a listener only reaches 'uncaughtException'.
    call.interfere(where);
  }

  request(call) {
    const { stream_wrap, tcp_wrap, pipe_wrap } = this.world.handles;
    const Type = call.random.pick([
      stream_wrap.WriteWrap,
      stream_wrap.WriteWrap,
      stream_wrap.ShutdownWrap,
      tcp_wrap.TCPConnectWrap,
      pipe_wrap.PipeConnectWrap,
    ]);
    call.label(Type.name);
    const request = new Type();
    const counts = { passed: 0, completed: 0, waits: 0, since: 0 };
    const callbacks = this;
    request.oncomplete = function oncomplete(status, handle) {
      callbacks.#completed(request, counts, status, handle);
    };
    this.#requests.set(request, counts);
    this.world.remember(this.world.usedRequests, request, 32);
    return request;
  }

  /** Records that an object stands for a request. */
  alias(object, request) {
    const counts = this.#requests.get(request);
    if (counts !== undefined) this.#requests.set(object, counts);
  }

  /** Counts a request among the arguments of a call. */
  passed(argument) {
    const isObject = typeof argument === 'object' && argument !== null;
    const counts = isObject ? this.#requests.get(argument) : undefined;
    if (counts !== undefined) counts.passed++;
  }

  /** Notes that a write of the request waits for room. */
  waits(request, handle) {
    const counts = isProxy(request) ? undefined : this.#requests.get(request);
    const own = Object.getOwnPropertyDescriptor(request, 'oncomplete');
    if (counts === undefined || typeof own?.value !== 'function') return;
    if (!(counts.waits > 0)) counts.since = Date.now();
    Object.assign(counts, { waits: Math.max(counts.waits, 0) + 1, handle });
    this.#waiting.add(counts);
  }

  /** True when a write of the connection waits that did so at that time. */
  hasWaitedSince(connection, time) {
    const { world } = this;
    return [...this.#waiting].some(
      ({ handle, since }) =>
        since <= time && world.connectionOf(handle) === connection,
    );
  }

  /** @returns {any[]} handles whose peer reads, and whose writes wait all the same */
  stuck() {
    const { world } = this;
    const handles = [...this.#waiting].map(({ handle }) => handle);
    return handles.filter((handle) => {
      const { isBypassed, peer } = world.connectionOf(handle);
      const isRead = peer !== undefined && !peer.destroyed && !isBypassed;
      return isRead && !world.isGone(handle);
    });
  }

  #completed(request, counts, status, handle) {
    counts.completed++;
    if (--counts.waits <= 0) this.#waiting.delete(counts);
    if (counts.completed > counts.passed) {
      this.world.found('request', 'completed more often than it was passed');
    }
    if (!Number.isInteger(status) || status > 0) {
      this.world.found('request', `completed with ${String(status)}`);
    }
    this.#interfere(handle, 'oncomplete');
  }

  plain(call) {
    const { world } = this;
    const callbacks = this;
    call.label('callback');
    return function callback(...args) {
      world.adopt(args);
      callbacks.#interfere(this, 'callback');
      // The return value of `onread` is the next buffer.
      if (!world.random.chance(20)) return undefined;
      const buffer = world.userBuffer(world.random, this);
      // It is not known whether this function is the handle's `onread`.
      world.connectionOf(this).userBuffer = undefined;
      return buffer;
    };
  }

  /** Returns an `onread` that checks whose bytes it receives. */
  get onread() {
    const callbacks = this;
    return function onread(memory) {
      const takesBuffer = callbacks.#read(this, memory);
      callbacks.#interfere(this, 'onread');
      const { world } = callbacks;
      return takesBuffer && world.random.chance(3)
        ? world.userBuffer(world.random, this)
        : undefined;
    };
  }

  /**
   * Checks what was read. Returns false at EOF, where the return value of
   * `onread` is ignored.
   */
  #read(handle, memory) {
    const { world } = this;
    const { streamBaseState, kReadBytesOrError, kArrayBufferOffset } =
      world.handles.stream_wrap;
    const length = streamBaseState[kReadBytesOrError];
    if (length === world.native.uv.UV_EOF) this.#lookAtEnd(handle);
    if (length <= 0) return false;
    const connection = world.connectionOf(handle);
    if (memory !== undefined) {
      const offset = streamBaseState[kArrayBufferOffset];
      this.#check(connection, new Uint8Array(memory, offset, length));
    } else if (connection.userBuffer !== undefined) {
      this.#checkUser(connection, length);
    }
    return true;
  }

  // What ends has a peer that has ended.
  #lookAtEnd(handle) {
    const { peer, receives, mark } = this.world.connectionOf(handle);
    if (peer === undefined || receives !== mark) return;
    if (peer.destroyed || peer.writableEnded) return;
    this.world.found('end', 'an end, where the peer has not ended');
  }

  // Only its own memory may have been written to.
  #checkUser(connection, length) {
    const { buffer } = connection.userBuffer;
    const size = lengthOf(buffer);
    if (size < length && size > 0 && bufferOf(buffer).resizable !== true) {
      this.world.found('read', `${length} bytes into ${size}`);
    }
    const offset = offsetOf(buffer);
    if (isSpoilt(bufferOf(buffer), offset, size)) {
      this.world.found('memory', 'written to beside the buffer');
    }
    const read = new Uint8Array(
      bufferOf(buffer),
      offset,
      Math.min(length, size),
    );
    this.#check(connection, read, " in the user's buffer");
  }

  /** Checks bytes that were read but not delivered. */
  checkAll(handle, chunks) {
    for (const chunk of chunks) {
      this.#check(this.world.connectionOf(handle), chunk, ', undelivered');
    }
  }

  #check(connection, bytes, where = '') {
    const objection = connection.receives.objectionTo(bytes);
    if (objection === undefined) return;
    this.world.found('stranger', `${objection}${where}`);
  }

  get onconnection() {
    const callbacks = this;
    return function onconnection(status, client) {
      const { world } = callbacks;
      if (status === 0) world.admit(client);
      callbacks.#interfere(this, 'onconnection');
    };
  }
}

module.exports = { Callbacks, bufferOf, lengthOf, offsetOf };
