'use strict';

/*
 * The option `connectTimeout`: a time limit for the look-up and all attempts of one
 * connect().
 */

const { clearTimeout, setTimeout } = require('timers');
const debug = require('util').debuglog('net');

const { createConnectError, emitAttemptFailed } = require('./attempt');
const { ExceptionWithHostPort } = require('../common/errors');
const { uv } = require('../handle/native');
const { kDeadline } = require('../common/symbols');
const { validateTimerDuration } = require('../common/validators');

const { UV_ETIMEDOUT } = /** @type {Record<string, number>} */ (uv);

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 */

/**
 * Validates the option `connectTimeout`.
 *
 * @param {{ connectTimeout?: unknown }} options those of `connect`
 * @returns {number} in milliseconds; 0 when there is no limit
 * @throws {Error} ERR_INVALID_ARG_TYPE unless it is a number, ERR_OUT_OF_RANGE when
 *   it is negative or not finite
 */
function readConnectTimeout({ connectTimeout }) {
  if (connectTimeout === undefined) return 0;
  return validateTimerDuration(connectTimeout, 'options.connectTimeout');
}

/** The running time limit of one connect(). */
class Deadline {
  #socket;
  #target;
  #timer;
  /**
   * The request of the latest attempt; undefined during the look-up.
   *
   * @type {Members | undefined}
   */
  #request;
  #isOnly = false;

  /**
   * @param {Members} socket
   * @param {Members} target the options of `connect`
   * @param {number} msecs
   */
  constructor(socket, target, msecs) {
    this.#socket = socket;
    this.#target = target;
    // Like that of setTimeout(), it does not keep the process running: the look-up and
    // the connect do.
    this.#timer = setTimeout(() => this.#expire(), msecs).unref();
  }

  /**
   * Takes note of an attempt, whose address the error will have.
   *
   * @param {Members} request
   */
  follow(request) {
    this.#request = request;
  }

  /** Takes note that the latest attempt is the only one, and not part of a race. */
  followOnly() {
    this.#isOnly = true;
  }

  /** Stops the timer: the socket is connected or destroyed. */
  stop() {
    clearTimeout(this.#timer);
    this.#socket[kDeadline] = undefined;
  }

  #expire() {
    const socket = this.#socket;
    debug('connect: connectTimeout is over');
    const error = this.#createError();
    this.stop();
    // A race reports its attempt itself, once the destroyed handle cancels it.
    if (this.#isOnly && this.#request !== undefined) {
      const { address, port, addressType: family } = this.#request;
      emitAttemptFailed(socket, { address, port, family }, error);
    }
    socket.destroy(error);
  }

  #createError() {
    if (this.#request !== undefined) {
      return createConnectError(this.#request, UV_ETIMEDOUT);
    }
    // A path has no look-up.
    const { host, port } = this.#target;
    return new ExceptionWithHostPort(
      UV_ETIMEDOUT,
      'connect',
      host || 'localhost',
      Number(port),
    );
  }
}

/**
 * Calls `start`, which starts to connect, and destroys the socket when it is not
 * connected in time.
 *
 * @param {Members} socket
 * @param {Members} target the options of `connect`
 * @param {number} msecs
 * @param {() => void} start
 */
function connectWithin(socket, target, msecs, start) {
  socket[kDeadline]?.stop();
  const deadline = new Deadline(socket, target, msecs);
  socket[kDeadline] = deadline;
  try {
    start();
  } catch (error) {
    // Invalid options: the socket stays as it is.
    deadline.stop();
    throw error;
  }
}

module.exports = { connectWithin, readConnectTimeout };
