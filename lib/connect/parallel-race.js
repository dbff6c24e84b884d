'use strict';

/*
 * Happy eyeballs in parallel (RFC 8305): the next address starts while the earlier
 * ones go on. The first that connects wins, and the others are closed. In node's own
 * race (race.js) an attempt is given up when its time is over, also a good one that
 * is slow.
 */

const debug = require('util').debuglog('net');

const attempt = require('./attempt');
const { Pacing } = require('./pacing');
const { NodeAggregateError } = require('../common/errors');
const { kRace, kReinitializeHandle } = require('../common/symbols');
const { TCP, tcpConstants } = require('../handle/tcp-pipe');
const { startEntry } = require('../node/perf-entries');

/** How many attempts this thread's races have started. */
let raced = 0;

/**
 * @typedef {object} Attempt one that is under way
 * @property {number} index of its address
 * @property {{ oncomplete?: Function }} req
 */

class ParallelRace {
  /**
   * @param {Record<PropertyKey, any>} socket
   * @param {{ addresses: Array<{ address: string, family: number }>, port: number,
   *   localPort?: number, timeout: number }} target
   */
  constructor(socket, { addresses, port, localPort, timeout }) {
    this.socket = socket;
    this.addresses = addresses;
    this.ends = { port, localPort };
    /** By address. */
    this.errors = new Array(addresses.length).fill(undefined);
    /** @type {Map<Record<PropertyKey, any>, Attempt>} those under way, by handle */
    this.open = new Map();
    this.pacing = new Pacing({
      count: addresses.length,
      delay: timeout,
      start: (index) => this.start(index),
      giveUp: () => this.giveUp(),
    });
  }

  /**
   * Starts an attempt.
   *
   * @param {number} index of its address
   * @returns {boolean} false when it has failed within the call
   */
  start(index) {
    const { socket } = this;
    const { address, family } = this.addresses[index];
    const endpoint = { address, family, ...this.ends };
    // The socket has the first handle already.
    if (index > 0) this.use(new TCP(tcpConstants.SOCKET));
    const handle = socket._handle;
    const { req, error } = attempt.startRaced(
      socket,
      endpoint,
      this.onComplete.bind(this, index),
    );
    this.errors[index] = error;
    if (!req) return false;
    raced++;
    this.open.set(handle, { index, req });
    return true;
  }

  /**
   * Makes a handle the socket's. The former is closed, unless its attempt is under way.
   *
   * @param {Record<PropertyKey, any>} handle
   */
  use(handle) {
    const { socket } = this;
    const former = socket._handle;
    if (handle === former) return;
    if (!former.hasRef()) handle.unref();
    // So that it is not closed with it.
    if (this.open.has(former)) socket._handle = null;
    socket[kReinitializeHandle](handle);
  }

  /**
   * Handles the outcome of an attempt: its `oncomplete`.
   *
   * @param {number} index
   * @param {number} status 0 or a negative errno
   * @param {Record<PropertyKey, any>} handle
   * @param {Record<PropertyKey, any>} req
   * @param {boolean[]} open whether it can be read from, and written to
   */
  onComplete(index, status, handle, req, ...open) {
    this.open.delete(handle);
    const { socket } = this;
    debug('connect/parallel: %s completed with status %s', req.address, status);
    if (!socket.connecting) return;
    if (status !== 0) {
      this.errors[index] = attempt.failStarted(socket, req, status);
      if (socket._handle !== handle) handle.close();
      if (socket.connecting) this.pacing.fail(index);
      return;
    }
    this.use(handle);
    this.stop();
    const [readable, writable] = open;
    startEntry(socket, req.address, req.port);
    attempt.finishConnect(socket, readable, writable);
  }

  giveUp() {
    const { socket } = this;
    if (!socket.connecting) return;
    socket.destroy(new NodeAggregateError(this.errors.filter(Boolean)));
  }

  /** Closes the attempts that are under way, but for the socket's own handle. */
  stop() {
    const { socket, open } = this;
    socket[kRace] = undefined;
    this.pacing.stop();
    for (const [handle, { req }] of open) {
      if (handle === socket._handle) continue;
      req.oncomplete = undefined;
      handle.close();
    }
    open.clear();
  }
}

/**
 * Connects to the first address that answers. Destroys the socket if none does.
 *
 * @param {Record<PropertyKey, any>} socket
 * @param {object} target
 * @param {Array<{ address: string, family: number }>} target.addresses
 * @param {number} target.port
 * @param {number} [target.localPort]
 * @param {number} target.timeout from one start to the next, in milliseconds
 */
function startParallelRace(socket, target) {
  const { addresses } = target;
  socket.autoSelectFamilyAttemptedAddresses = [];
  debug('connect/parallel: will try the following addresses', addresses);
  const race = new ParallelRace(socket, target);
  socket[kRace] = race;
  race.pacing.startNext();
}

/**
 * Closes the attempts of a socket that is being destroyed, but for its own handle.
 *
 * @param {Record<PropertyKey, any>} socket
 */
function stopRace(socket) {
  socket[kRace]?.stop();
}

/**
 * Returns how many attempts this thread's races have started.
 *
 * @returns {number}
 */
const countRaced = () => raced;

module.exports = { countRaced, startParallelRace, stopRace };
