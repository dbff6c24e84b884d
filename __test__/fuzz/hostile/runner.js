'use strict';

/*
 * Makes the calls, one after another and some during others, and checks the
 * outcome of each.
 */

const net = require('node:net');
const { once } = require('node:events');
const fs = require('node:fs');
const { Call, HostileError } = require('./call');
const { misfit, mustTake } = require('./contracts');
const { guard, guardSlot } = require('./guards');
const { portOf } = require('./listeners');
const { patch } = require('./patches');
const { Random } = require('./random');
const { findTargets } = require('./targets');

/** The calls of one loop iteration. */
const BATCH = 20;
const weights = {
  handle: 60,
  verb: 14,
  address: 14,
  bridge: 4,
  binding: 6,
  native: 2,
};
/** What may be asked of a handle before it has a descriptor. */
const early = [
  ...[['setNoDelay', true], ['setKeepAlive', true, 1], ['unref']],
  ...[
    ['setCoalesce', false],
    ['setOffload', true],
    ['setCopyWrites', true],
  ],
];
/** Native verbs that change what a handle has under way. */
const bypasses = /^(?:write|announce|flush|fail|shut|connect|open|relay|set)/;
/** What a closed handle answers well. */
const fineWhenClosed =
  /^(?:readStop|reset|setSimultaneousAccepts|writeQueueSize|bytesRead|bytesWritten|getAsyncId|getProviderType|relayIdle|isStreamBase|setPendingInstances|takeUndelivered)$/;

class Runner {
  constructor(world, { from, calls, seconds, skip }) {
    this.world = world;
    this.from = from;
    this.end = from + calls;
    this.deadline = Date.now() + seconds * 1000;
    world.callOnce = (outer) => this.nested(outer);
    const targets = findTargets(world);
    this.groups = this.#byGroup(
      targets.filter(({ name }) => !skip.includes(name)),
    );
  }

  #byGroup(targets) {
    const groups = new Map();
    for (const one of targets) {
      if (!groups.has(one.group)) groups.set(one.group, []);
      groups.get(one.group).push(one);
    }
    return groups;
  }

  /** @returns {Record<string, number>} how many targets each group has */
  counts() {
    const sizes = [...this.groups].map(([name, list]) => [name, list.length]);
    return Object.fromEntries(sizes);
  }

  async prepare() {
    const { world } = this;
    await world.pool.listen();
    const [server] = world.pool.servers.slice(2);
    world.foreignSocket = net.connect(server.address().port, '127.0.0.1');
    world.foreignSocket.on('error', () => {});
    await once(world.foreignSocket, 'connect');
    world.foreign = world.foreignSocket._handle;
    this.#instances();
  }

  #instances() {
    const { world } = this;
    const { BlockList, SocketAddress } = world.net;
    world.instances.set('BlockList', new BlockList());
    world.instances.set('SocketAddress', new SocketAddress());
    const { NativeBlockList } = world.binding;
    world.instances.set('NativeBlockList', new NativeBlockList());
  }

  /**
   * Creates and closes handles, so that numbers are reused if they ever are.
   */
  async age(handles) {
    // Few handles at a time use few slots, which then have more owners.
    for (let left = handles; left > 0; left -= 8) {
      this.world.churn(8);
      await new Promise(setImmediate);
    }
  }

  /** Resolves when all calls are made, or the time is up. */
  run() {
    return new Promise((resolve) => {
      const next = () => {
        try {
          this.#batch();
        } finally {
          const isOver = world.made >= this.end || Date.now() > this.deadline;
          if (isOver) resolve();
          else setImmediate(next);
        }
      };
      const { world } = this;
      world.made = this.from;
      next();
    });
  }

  #batch() {
    const { world } = this;
    world.pool.refresh();
    world.pool.stir();
    world.listeners.stir();
    world.witnesses.stir();
    world.subjects.stir();
    if (world.random.chance(20)) {
      world.churn(world.random.pick([1, 8, 70, 300]));
    }
    if (world.random.chance(2)) this.#instances();
    if (world.random.chance(5)) world.checkSlots();
    if (world.random.chance(10)) world.descriptors.verify();
    for (let left = BATCH; left > 0 && world.made < this.end; left--) {
      const random = new Random(world.seed, world.made);
      this.#one(random, undefined);
      world.made++;
    }
  }

  nested(outer) {
    this.world.nested++;
    return this.#one(outer.random, outer);
  }

  #one(random, outer) {
    const { world } = this;
    const names = [...this.groups.keys()];
    const group = random.among(
      names.map((name) => [weights[name] ?? 5, () => name]),
    );
    const target = this.#pick(this.groups.get(group), random);
    const receiver = this.#receiver(target, random);
    const slot =
      group === 'verb' ? guardSlot(world, target, random) : undefined;
    const connection =
      group === 'verb'
        ? world.connectionOf(world.handleIn(slot))
        : world.connectionOf(receiver);
    if (group === 'verb' && bypasses.test(target.name)) {
      connection.isBypassed = true;
    }
    const call = new Call(world, random, connection, outer);
    call.isWide = /ucs2/i.test(target.name);
    const args = this.#arguments(target, call);
    if (group === 'verb' && args.length > 0) args[0] = slot;
    guard(world, target, receiver, args);
    for (const argument of args) world.callbacks.passed(argument);
    this.#note(target, receiver, call);
    this.#make(target, receiver, args, call);
  }

  // Picks a target; one with more parameters is called more often.
  #pick(targets, random) {
    const some = [1, 2, 3].map(() => random.pick(targets));
    const size = ({ parameters }) => parameters.length;
    return some.sort((a, b) => size(b) - size(a))[0];
  }

  #receiver({ group, owner, kind, name }, random) {
    const { world } = this;
    if (kind !== 'method' && kind !== 'property') return undefined;
    if (random.chance(4)) return this.#oddReceiver(owner, random);
    if (group === 'handle') return this.#handleFor(owner, name, random);
    return world.instances.get(owner?.name) ?? owner.prototype;
  }

  #handleFor(owner, name, random) {
    const { world } = this;
    if (owner.prototype.readStart === undefined) {
      return random.pick([...world.usedRequests, new owner()]);
    }
    // What is open already takes no other descriptor.
    const isFresh = random.chance(name === 'open' ? 60 : 10);
    if (isFresh) return this.#fresh(owner, random);
    for (let tries = 6; tries > 0; tries--) {
      const handle = random.chance(75)
        ? world.someConnection(random)?.handle
        : world.someHandle(random);
      if (handle instanceof owner) return handle;
    }
    return world.someHandle(random);
  }

  // Returns a handle that is neither bound nor connected.
  #fresh(owner, random) {
    const { tcp_wrap, pipe_wrap } = this.world.handles;
    const Class = random.pick([tcp_wrap.TCP, pipe_wrap.Pipe]);
    const isWhole = Object.hasOwn(owner.prototype, 'bind');
    const handle = this.world.heirs.make(isWhole ? owner : Class, 0);
    this.world.admit(handle);
    for (let left = random.below(3); left > 0; left--) {
      const [verb, ...args] = random.pick(early);
      handle[verb]?.(...args);
    }
    return handle;
  }

  #oddReceiver(owner, random) {
    const { world } = this;
    const handle = world.someHandle(random) ?? {};
    return random.among([
      [2, () => undefined],
      [1, () => 7],
      [1, () => 'text'],
      [2, () => ({})],
      [2, () => owner.prototype],
      [3, () => world.alias(Object.create(handle), handle)],
      [2, () => world.alias(new Proxy(handle, {}), handle)],
      [2, () => world.foreign],
      [2, () => world.someStale(random)],
      [2, () => random.pick([...world.instances.values()])],
    ]);
  }

  #arguments({ parameters, kind }, call) {
    const { random, world } = call;
    if (kind === 'property') return [this.#propertyValue(call)];
    const spare = random.chance(10) ? random.below(3) : 0;
    const count =
      parameters.length > 1 || spare > 0
        ? parameters.length + spare
        : Math.max(parameters.length, random.below(5));
    const args = [];
    for (let i = 0; i < count; i++) {
      args.push(world.values.forParameter(parameters[i] ?? 'any', call));
    }
    if (random.chance(20)) args.length = random.below(args.length + 1);
    return args;
  }

  #propertyValue(call) {
    const { callbacks, values } = this.world;
    return call.random.among([
      [8, () => callbacks.onread],
      [8, () => callbacks.onconnection],
      [2, () => callbacks.plain(call)],
      [1, () => values.any(call)],
    ]);
  }

  #note({ group, name }, receiver, call) {
    const letter =
      call.connection.handle === undefined ? '-' : call.mark.letter;
    const inner = '>'.repeat(call.depth);
    const text = `${inner}${group}.${name} of ${letter}: ${call.labels.join(' ')}`;
    this.world.trace.note(this.world.made, text);
  }

  #make(target, receiver, args, call) {
    const { world } = this;
    const { kind, fn, group, name } = target;
    const wasClosed =
      group === 'handle' &&
      kind === 'method' &&
      world.isHandle(receiver) &&
      world.isClosed(receiver);
    const mayPatch = group === 'handle' && name !== 'takeUndelivered';
    const isPatched = mayPatch && call.depth === 0 && call.random.chance(4);
    const restore = isPatched ? patch(call) : () => {};
    try {
      if (kind === 'property') {
        if (world.knows(receiver)) receiver[name] = args[0];
        return;
      }
      const result =
        kind === 'class'
          ? this.#construct(fn, args, call)
          : Reflect.apply(fn, receiver, args);
      restore();
      this.#look(target, receiver, args, result, call, wasClosed);
    } catch (error) {
      world.sawError(error, `${target.group}.${name}`);
      this.#lookAtThrown(target, receiver, args, error, isPatched);
    } finally {
      restore();
    }
    // Node sends what the memory holds at that time; detached memory holds no
    // bytes.
    if (call.random.chance(10)) call.takeMemory();
    if (call.outer !== undefined) call.outer.given += call.given;
  }

  #construct(Class, args, call) {
    if (call.random.chance(90)) return Reflect.construct(Class, args);
    const class_ = call.random.pick([Object, Array, class extends Class {}]);
    return Reflect.construct(Class, args, class_);
  }

  #look(target, receiver, args, result, call, wasClosed) {
    const { world } = this;
    const { group, name } = target;
    world.adopt([result]);
    if (group === 'bridge') world.subjects.take(result, args);
    if (group === 'verb') world.slots.note(name, args, result);
    world.descriptors.note(name, receiver, args, result);
    if (group !== 'handle') return;
    if (name === 'writeAhead') call.connection.ahead += call.given;
    if (name === 'useUserBuffer' && receiver === call.connection.handle) {
      call.connection.userBuffer = { buffer: args[0] };
    }
    if (name === 'takeUndelivered') world.callbacks.checkAll(receiver, result);
    if (wasClosed) this.#lookAtClosed(target, result);
    if (result === 0) this.#lookAtSuccess(target, receiver, args, call);
  }

  // Nothing that fits is refused by an exception.
  #lookAtThrown({ group, name, parameters }, receiver, args, error, isPatched) {
    const isWrite =
      group === 'handle' && /^write(?:Buffer|v|.*String)$/.test(name);
    if (!isWrite || isPatched || error instanceof HostileError) return;
    const { world } = this;
    if (!world.isHandle(receiver) || !world.knows(receiver)) return;
    if (!mustTake(parameters, args)) return;
    world.found('contract', `${name} throws ${String(error?.message)}`);
  }

  #lookAtClosed({ name }, result) {
    const isNumber = typeof result === 'number' && result >= 0;
    if (!isNumber || fineWhenClosed.test(name)) return;
    this.world.found('closed', `${name} of a closed handle returns ${result}`);
  }

  #lookAtSuccess({ name, owner, parameters }, receiver, args, call) {
    const { world } = this;
    const connection = world.connectionIfKnown(receiver);
    if (connection === undefined) return;
    const unfit = misfit(parameters, args);
    if (unfit !== undefined) {
      world.found('contract', `${name} takes any ${unfit}`);
    }
    if (/^write(?:Buffer|v|.*String)$/.test(name)) {
      const { streamBaseState, kBytesWritten, kLastWriteWasAsync } =
        world.handles.stream_wrap;
      if (streamBaseState[kLastWriteWasAsync]) {
        world.callbacks.waits(args[0], receiver);
      }
      const written = streamBaseState[kBytesWritten];
      const isAhead = written > call.given;
      if (isAhead && written > call.given + connection.ahead) {
        const text = `${name} says ${written} bytes of ${call.given}`;
        world.found('length', text);
      }
      if (isAhead) connection.ahead = 0;
    } else if (name === 'listen' || name === 'listenShared') {
      connection.isListener = true;
      if (receiver.getsockname) connection.port = portOf(receiver);
    } else if (/^(?:connect6?|open)$/.test(name)) {
      // What it had under way before is nobody's.
      connection.isBypassed = true;
    } else if (name === 'bind' && owner.name === 'Pipe') {
      this.#lookAtPath(args);
    }
  }

  // Checks that only the name that was passed is bound.
  #lookAtPath([place]) {
    if (typeof place !== 'string') return;
    if (place === '' || place.startsWith('\0')) return;
    if (!fs.existsSync(place)) {
      this.world.found(
        'path',
        `bound, and not there: ${JSON.stringify(place)}`,
      );
    }
  }
}

module.exports = { Runner };
