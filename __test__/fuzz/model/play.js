'use strict';

/*
 * Plays one program over one module, and records its outcome.
 */

const fs = require('node:fs');

const {
  acceptSocket,
  claim,
  notePort,
  startClient,
  startPair,
} = require('./clients');
const { stateOf, withoutPlaces } = require('./facts');
const { Host } = require('./host');
const { operate } = require('./operations');
const { owed } = require('./owing');
const { startReading } = require('./reading');
const { disturb } = require('./disturb');
const { guide } = require('./guide');

/** The interval of the checks whether anything still moves, in milliseconds. */
const LOOK = 1;
/** The time in milliseconds after which an owed event counts as missing. */
const PATIENCE = 1000;

const delay = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const openDescriptors = () => fs.readdirSync('/proc/self/fd').length;

/** The state that all ends and servers of a run share. */
class Game {
  constructor(program, subject) {
    Object.assign(this, { program, ...subject });
    this.ports = new Map();
    this.endpoints = [];
    this.servers = [];
    this.waiting = [];
    this.moved = [];
    this.closings = [];
    /** The ends that were to be piped to, and whether they were there. */
    this.targets = [];
    this.violations = [];
    this.uncaught = [];
    this.hung = [];
    this.states = {};
    this.owed = new Set();
    this.activity = 0;
    /** The end and the event of each delivery, in order. */
    this.order = [];
    /** How many loop iterations a later connection waits. */
    this.pace = 1;
    this.memory = 0;
    this.startMemory = process.memoryUsage.rss();
    this.folder = fs.mkdtempSync('/tmp/rust-net-model-');
    this.wake = () => {};
  }

  /**
   * Keeps the order of deliveries, for runs that follow it.
   *
   * @param {string} who an end, in one of its lives
   * @param {string} what
   * @param {number} [bytes] how many there were until now
   */
  delivered(who, what, bytes) {
    this.guide?.note(who, what, bytes);
    const last = this.order.at(-1);
    if (bytes === undefined) this.order.push([who, what]);
    else if (last?.[0] === who && last[2] !== undefined) last[2] = bytes;
    else this.order.push([who, what, bytes]);
  }

  operate(endpoint, op) {
    operate(endpoint, op);
    if (this.program.isHeavy) this.weigh();
  }

  weigh() {
    const grown = process.memoryUsage.rss() - this.startMemory;
    this.memory = Math.max(this.memory, grown);
  }

  accept(host, socket) {
    acceptSocket(this, host, socket);
  }

  dropped(host) {
    if (host.plan.kind === 'unix') claim(this, host);
  }

  endpointOf(id) {
    return this.endpoints.find((one) => one.id === id);
  }

  noteAddress() {
    this.waiting.forEach(notePort);
  }

  later(act) {
    const once = () => {
      this.owed.delete(once);
      act();
    };
    this.owed.add(once);
    process.nextTick(once);
  }

  isOver() {
    const isOpen = ({ socket, isClosed }) => socket && !isClosed;
    if (this.endpoints.some(isOpen) || this.owed.size > 0) return false;
    return this.servers.every(({ server, pending }) => {
      return !server.listening && pending === 0;
    });
  }

  checkOver() {
    if (this.isOver()) this.wake();
  }

  /** Waits until nothing moves any more. */
  async settle() {
    const isBroken = this.hung.length > 0 || this.uncaught.length > 0;
    const patience = isBroken ? PATIENCE / 10 : PATIENCE;
    let last = -1;
    let since = performance.now();
    for (let looks = 0; !this.isOver(); looks++) {
      if (this.program.isHeavy) this.weigh();
      await Promise.race([
        delay(LOOK),
        new Promise((resolve) => (this.wake = () => resolve(undefined))),
      ]);
      if (this.activity !== last) {
        last = this.activity;
        since = performance.now();
        looks = 0;
        continue;
      }
      if (looks < 2) continue;
      const debts = owed(this);
      if (debts.length === 0) return;
      if (performance.now() - since > patience) {
        this.hung.push(...debts);
        return;
      }
    }
  }

  snapshot(name) {
    this.delivered('game', name);
    const found = {};
    for (const { id, socket, moves, isStray } of this.endpoints) {
      if (socket && !isStray) found[id] = { ...stateOf(socket, this), moves };
    }
    this.states[name] = found;
  }

  /** Every end that is not destroyed. */
  open() {
    return this.endpoints.filter(({ socket }) => socket && !socket.destroyed);
  }
}

/** Runs the rules that wait for a standstill, for as long as there are any. */
async function standstills(game) {
  const all = game.program.connections.flatMap(({ client, peer }) => [
    ...client.rules,
    ...peer.rules,
  ]);
  const most = Math.max(0, ...all.map(({ on, n }) => (on === 'stall' ? n : 0)));
  for (let n = 1; n <= most; n++) {
    game.delivered('game', `stall ${n}`);
    for (const endpoint of [...game.endpoints]) endpoint.fireAside('stall', n);
    await game.settle();
  }
}

function release(endpoint) {
  const { socket, mode, plan } = endpoint;
  if (endpoint.isStopped) socket._handle?.readStart();
  endpoint.isStopped = false;
  if (mode === 'none' && !plan.onread && endpoint.pipes.size === 0) {
    startReading(endpoint, { mode: 'data' });
  }
  if (socket.writableCorked) socket.uncork();
  if (mode !== 'readable' && mode !== 'iterate') socket.resume();
}

/** Ends everything that is still open. */
async function finale(game) {
  game.open().forEach(release);
  await game.settle();
  game.snapshot('released');
  for (const { socket } of game.open()) socket.end();
  await game.settle();
  game.snapshot('ended');
  for (const endpoint of game.open()) {
    endpoint.isAbrupt = true;
    endpoint.socket.destroy();
  }
  for (const host of game.servers) if (host.server.listening) host.close();
  await game.settle();
  game.snapshot('last');
  for (const socket of game.moved) socket.destroy();
}

async function start(game) {
  const { servers, connections } = game.program;
  game.servers = servers
    .filter(({ kind }) => kind !== 'js')
    .map((plan, index) => new Host(game, index, plan));
  await Promise.all(game.servers.map((host) => host.start()));
  const areJs = servers[0].kind === 'js';
  for (const [index, connection] of connections.entries()) {
    await game.guide?.startOf(`client${index}/1`);
    game.delivered(`client${index}/1`, 'made');
    if (areJs) startPair(game, index, connection);
    else startClient(game, index, connection);
    const waits = connection.isLater ? game.pace : 0;
    for (let n = 0; n < waits; n++) await new Promise(setImmediate);
  }
}

/**
 * Counts leaked descriptors, after the closing phase has had time to close
 * some.
 */
async function leaked(before) {
  for (let tries = 0; tries < 50; tries++) {
    const left = openDescriptors() - before;
    if (left <= 0) return 0;
    await delay(tries < 10 ? 1 : 20);
  }
  return openDescriptors() - before;
}

/**
 * @param {object} program
 * @param {{ net: any, bridge?: any, codeOf: () => number }} subject
 * @param {{ disturbance?: number, order?: any[][] }} [how] a seed: sockets are
 *   served later now and then; or the order of another run that node follows
 * @returns {Promise<object>} the record
 */
async function play(program, subject, { disturbance = 0, order } = {}) {
  const before = openDescriptors();
  const game = new Game(program, subject);
  const onUncaught = (error) => {
    game.activity++;
    const { name, code, message } = error;
    game.uncaught.push([name, code, withoutPlaces(message, game)].join());
  };
  process.on('uncaughtException', onUncaught);
  if (disturbance) disturb(game, disturbance);
  if (order) guide(game, order);
  try {
    await start(game);
    await game.settle();
    game.snapshot('still');
    await standstills(game);
    await finale(game);
    await new Promise(setImmediate);
    for (const endpoint of game.endpoints.filter(({ socket }) => socket)) {
      endpoint.checkTexts();
      endpoint.checkEnd();
    }
  } finally {
    process.off('uncaughtException', onUncaught);
    game.guide?.clock.stop();
    fs.rmSync(game.folder, { recursive: true, force: true });
  }
  return recordOf(game, await leaked(before));
}

function recordOf(game, leak) {
  const ends = {};
  let strays = 0;
  for (const one of game.endpoints) {
    const { id, log, at, out, moves, isStray, isAbrupt } = one;
    if (isStray) strays++;
    else ends[id] = { log, got: at, sent: out.sent, moves, isAbrupt };
  }
  const servers = game.servers.map(({ log, connections, peak }) => ({
    ...{ log, connections, peak },
  }));
  const { violations, uncaught, hung, states, closings, memory, order } = game;
  return {
    ...{ order, targets: game.targets },
    ...{ ends, strays, servers, states, closings, memory, leak },
    ...{ violations: [...new Set(violations)], uncaught, hung },
  };
}

module.exports = { play };
