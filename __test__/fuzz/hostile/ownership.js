'use strict';

/*
 * The slots and descriptors that hostile calls may name by number. A number
 * gives access to what it names, so only numbers without another user are
 * passed.
 */

const fs = require('node:fs');

const MOST_DESCRIPTORS = 8;
const MOST_SLOTS = 12;
const MOST_SLOTS_EVER = 10_000;

let kKey;

/** @returns {number} the slot of a handle, or -1 */
function slotOf(handle) {
  if (typeof handle !== 'object' || handle === null) return -1;
  kKey ??= Object.getOwnPropertySymbols(handle).find(
    ({ description }) => description === 'key',
  );
  const slot = kKey === undefined ? undefined : handle[kKey];
  return typeof slot === 'number' ? slot : -1;
}

class Slots {
  #protected = new Set();
  /** Slots created by native verbs, for which lib/ has no object. */
  #own = [];

  constructor(world) {
    this.world = world;
  }

  protect(handle) {
    this.#protected.add(slotOf(handle));
  }

  isProtected(handle) {
    return this.#protected.has(slotOf(handle));
  }

  mayUse(slot, isEnd) {
    if (slot === undefined) return true;
    if (this.#protected.has(slot | 0)) return false;
    const handle = this.world.handleIn(slot | 0);
    return handle === undefined || (!isEnd && this.world.knows(handle));
  }

  ownSlot(random) {
    const { native } = this.world.native;
    while (this.#own.length < MOST_SLOTS) {
      const slot = random.chance(50) ? native.createTcp() : native.createPipe();
      if (slot < 0) return -1;
      this.#own.push(slot);
    }
    return random.pick(this.#own);
  }

  /**
   * Updates the ownership after a verb: adds slots that it created, removes
   * slots that it closed.
   */
  note(name, args, result) {
    const { native } = this.world.native;
    if (name === 'createTcp' || name === 'createPipe') {
      if (result >= 0) this.#own.push(result);
      if (this.#own.length > 2 * MOST_SLOTS) native.close(this.#own.shift());
    }
    if (name === 'close' || (name === 'reset' && result === 0)) {
      this.#own = this.#own.filter((slot) => slot !== args[0] >>> 0);
    }
  }

  /** Closes the slots for which lib/ has no object. */
  close() {
    for (let slot = 0; slot < MOST_SLOTS_EVER; slot++) {
      const isNobodys = this.world.handleIn(slot) === undefined;
      if (isNobodys) this.world.native.native.close(slot);
    }
    this.#own = [];
  }
}

function nameOf(fd) {
  if (process.platform !== 'linux') return '';
  try {
    return fs.readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return 'closed';
  }
}

class Descriptors {
  /** Descriptors, each with its connection if it has one. */
  #own = new Map();
  #deposits = new Map();
  #names = new Map();

  constructor(world) {
    this.world = world;
  }

  has(fd) {
    return this.#own.has(fd);
  }

  make({ random }) {
    if (this.#own.size >= MOST_DESCRIPTORS && random.chance(80)) {
      return random.pick([...this.#own.keys()]);
    }
    const connection = this.world.someConnection(random);
    const fd = connection === undefined ? -1 : this.#share(connection.handle);
    if (fd >= 0 && random.chance(70)) {
      this.add(fd, connection);
      return fd;
    }
    if (fd >= 0) fs.closeSync(fd);
    const opened = fs.openSync('/dev/null', random.pick(['r', 'w', 'r+']));
    this.add(opened, undefined);
    return opened;
  }

  #share(handle) {
    const { share } = this.world.handles.tcp_wrap.TCP.prototype;
    return typeof share === 'function' ? share.call(handle) : -1;
  }

  add(fd, connection) {
    this.#own.set(fd, connection);
    this.#names.set(fd, nameOf(fd));
    if (this.#own.size > 2 * MOST_DESCRIPTORS) {
      const [oldest] = this.#own.keys();
      this.#close(oldest);
    }
  }

  #close(fd) {
    this.verify();
    if (this.#own.delete(fd)) fs.closeSync(fd);
  }

  /**
   * Checks that no other code has closed an owned descriptor, whose number may
   * then belong to another.
   */
  verify() {
    for (const fd of this.#own.keys()) {
      const name = nameOf(fd);
      if (name === this.#names.get(fd)) continue;
      const was = this.#names.get(fd);
      this.world.found('descriptor', `${fd} was ${was} and is ${name}`);
      this.#own.delete(fd);
    }
  }

  // The descriptor is argument 0 of a handle's verb, argument 1 of the native
  // one.
  #taken(args, receiver) {
    const fd = args[receiver === undefined ? 1 : 0] | 0;
    const source = this.#own.get(fd);
    this.#own.delete(fd);
    const { world } = this;
    const connection = world.connectionIfKnown(receiver);
    // The other handle's peer receives what this handle sends.
    source?.mark.sources.add(connection?.mark ?? world.pool.stranger);
    if (connection !== undefined) connection.receives = world.pool.stranger;
  }

  /**
   * Updates the ownership after a call: adds descriptors that it returned,
   * removes those that it took.
   */
  note(name, receiver, args, result) {
    const given = /** @type {Record<string, () => any>} */ ({
      share: () => this.world.connectionIfKnown(receiver),
      duplicate: () => this.#own.get(args[0] | 0),
      withdrawDescriptor: () => this.#deposits.get(args[0]),
    });
    const isDescriptor = Number.isInteger(result) && result > 2;
    if (isDescriptor && Object.hasOwn(given, name)) {
      this.add(result, given[name]());
    }
    if (name === 'deposit' && result === 0) {
      const text = typeof args[0] === 'string' ? args[0] : '';
      this.#deposits.set(text, this.world.connectionIfKnown(receiver));
    }
    if (name === 'closeDescriptor') this.#own.delete(args[0] | 0);
    if (name === 'open' && result === 0) this.#taken(args, receiver);
  }

  close() {
    for (const fd of this.#own.keys()) this.#close(fd);
    const { withdrawDescriptor } = this.world.binding;
    for (const name of this.#deposits.keys()) {
      const fd = withdrawDescriptor(name);
      if (fd >= 0) fs.closeSync(fd);
    }
  }
}

module.exports = { Descriptors, Slots, slotOf };
