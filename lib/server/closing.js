'use strict';

/*
 * A graceful close: `server.close({ timeout })`, and the connections that a server
 * closes when it is asked to.
 */

const {
  clearInterval,
  clearTimeout,
  setInterval,
  setTimeout,
} = require('timers');

const { kOwner } = require('../common/symbols');
const { validateTimerDuration } = require('../common/validators');
const { openHandles } = require('../handle/dispatch');
const { isIdle: isHandleIdle } = require('../handle/has-ended');
const { targetsOf } = require('../node/stream-state');
const { handedOverSockets, isTcp } = require('../socket/hand-over');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {{ ended: number, reset: number }} Counts
 * @typedef {(server: Members, sockets: Members[], seen: Map<Members, number>) => number} EndIdle
 *   ends those that are idle, and counts them; `seen` is what the look before has noted
 */

/** Milliseconds between two looks at the connections of a server that closes. */
const LOOK_EVERY = 100;

/** @type {WeakMap<Members, Closing>} by server */
const closings = new WeakMap();

/** Returns the sockets of this thread. */
function allSockets() {
  const owners = openHandles().map((handle) => handle[kOwner]);
  return [...owners, ...handedOverSockets()];
}

/**
 * Returns a server's open connections, the oldest first.
 *
 * @param {Members} server
 * @returns {Members[]}
 */
function connectionsOf(server) {
  return allSockets().filter((socket) => socket?._server === server);
}

/**
 * Returns how many of the streams that are piped into a socket are sockets too. They
 * have no more for it once it is answered; of any other stream that is not known.
 *
 * @param {Members} socket
 */
function countSources(socket) {
  return allSockets().filter((each) => targetsOf(each).includes(socket)).length;
}

/**
 * Returns true for a connection with nothing under way: all that came in was read and
 * answered, and all that was written was sent.
 *
 * @param {Members} socket
 */
function isIdle(socket) {
  const pipes = socket.listenerCount('unpipe');
  return (
    !socket.destroyed &&
    !socket.writableEnded &&
    socket.readableLength === 0 &&
    socket.writableLength === 0 &&
    socket.writableCorked === 0 &&
    isHandleIdle(socket._handle) &&
    (pipes === 0 || pipes <= countSources(socket))
  );
}

/**
 * Ends the connections that were idle in the look before, and are.
 *
 * @type {EndIdle}
 */
function endIdle(server, sockets, seen) {
  let ended = 0;
  for (const socket of sockets) {
    const moved = socket.bytesRead + socket.bytesWritten;
    if (!isIdle(socket)) {
      seen.delete(socket);
    } else if (seen.get(socket) === moved) {
      socket.destroySoon();
      ended++;
    } else {
      seen.set(socket, moved);
    }
  }
  return ended;
}

/** @param {Members} socket */
function reset(socket) {
  if (isTcp(socket._handle)) socket.resetAndDestroy();
  else socket.destroy();
}

/** A server that closes, until its connections are gone. */
class Closing {
  /** @type {Counts} */
  counts = { ended: 0, reset: 0 };
  #server;
  /** @type {Members[]} */
  #sockets;
  #endIdle;
  /** @type {Map<Members, number>} */
  #seen = new Map();
  /** @type {Array<ReturnType<typeof setTimeout>>} */
  #timers = [];

  /**
   * @param {Members} server
   * @param {EndIdle} end
   */
  constructor(server, end) {
    this.#server = server;
    this.#sockets = connectionsOf(server);
    this.#endIdle = end;
    const before = closings.get(server)?.stop();
    if (before !== undefined) this.counts = before;
    closings.set(server, this);
  }

  /**
   * Looks at the connections from now on, and resets those that are left after so
   * many milliseconds.
   *
   * @param {number} timeout
   */
  start(timeout) {
    this.#look();
    const period = Math.max(1, Math.min(LOOK_EVERY, Math.floor(timeout / 4)));
    this.#timers = [
      setInterval(() => this.#look(), period),
      setTimeout(() => this.#resetAll(), timeout),
    ];
    // A connection that is not read does not keep the process running.
    if (this.#server._unref) this.#timers.forEach((timer) => timer.unref());
  }

  /** Stops to look. Returns what was done. */
  stop() {
    clearInterval(this.#timers[0]);
    clearTimeout(this.#timers[1]);
    return this.counts;
  }

  #open() {
    this.#sockets = this.#sockets.filter((socket) => !socket.destroyed);
    return this.#sockets;
  }

  #look() {
    const open = this.#open();
    if (open.length === 0) this.stop();
    this.counts.ended += this.#endIdle(this.#server, open, this.#seen);
  }

  #resetAll() {
    const open = this.#open();
    this.counts.reset += open.length;
    open.forEach(reset);
    this.stop();
  }
}

/**
 * Closes a server, gracefully if the arguments of `close` say so.
 *
 * @param {Members} server
 * @param {unknown[]} args
 * @param {(...args: unknown[]) => unknown} close
 * @param {EndIdle} [end]
 * @returns {unknown} what `close` returns
 */
function closeServer(server, args, close, end = endIdle) {
  const [options, cb] = args;
  if (typeof options !== 'object' || options === null) return close(...args);
  const { timeout } = /** @type {Members} */ (options);
  if (timeout === undefined) return close(cb);
  const msecs = validateTimerDuration(timeout, 'options.timeout');
  const closing = new Closing(server, end);
  const result =
    typeof cb !== 'function'
      ? close()
      : close((/** @type {unknown} */ outcome) => {
          if (outcome instanceof Error) cb(outcome);
          else cb(null, closing.counts);
        });
  closing.start(msecs);
  return result;
}

/**
 * Ends the close of a server that is closed.
 *
 * @param {Members} server
 * @returns {Counts | undefined} undefined if it was not a graceful one
 */
function finishClosing(server) {
  const closing = closings.get(server);
  closings.delete(server);
  return closing?.stop();
}

/**
 * Closes the connections on which nothing is under way.
 *
 * @param {Members} server
 */
function closeIdleConnections(server) {
  connectionsOf(server)
    .filter(isIdle)
    .forEach((socket) => socket.destroySoon());
}

/**
 * Closes all connections.
 *
 * @param {Members} server
 */
function closeAllConnections(server) {
  connectionsOf(server).forEach((socket) => socket.destroy());
}

module.exports = {
  closeAllConnections,
  closeIdleConnections,
  closeServer,
  finishClosing,
};
