'use strict';

/*
 * What a system error of a live connection says beyond that of node: the addresses of
 * both ends, and with RUST_NET_TRACE=1 where the socket was created.
 */

const path = require('path');

const { traces } = require('../common/settings');
const { kOrigin } = require('../common/symbols');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {{ address?: string, port?: number }} End
 */

// Ends the line before the frames that are not of the error itself.
const kHeading = 'was created here:';

const isTracing = traces();
const ownFolder = path.resolve(__dirname, '..') + path.sep;

/**
 * Asks a handle for one end. A connection that was reset has lost its peer for
 * getpeername, but not for getFormerPeer.
 *
 * @param {Members | null | undefined} handle
 * @param {string} verb
 * @returns {End | undefined}
 */
function ask(handle, verb) {
  if (typeof handle?.[verb] !== 'function') return undefined;
  const end = {};
  return handle[verb](end) ? undefined : end;
}

/**
 * @param {Members} socket
 * @returns {End | undefined}
 */
function remoteEnd({ _peername: known, _handle: handle }) {
  if (known?.address !== undefined) return known;
  return ask(handle, 'getFormerPeer') ?? ask(handle, 'getpeername');
}

/**
 * @param {Members} socket
 * @returns {End | undefined}
 */
function localEnd({ _sockname: known, _handle: handle }) {
  if (known?.address !== undefined) return known;
  return ask(handle, 'getsockname');
}

/**
 * Sets a property that is not enumerable: a printed error, and its comparison with
 * another, stay as in node.
 *
 * @param {Error} error
 * @param {string} name
 * @param {unknown} value
 */
function hide(error, name, value) {
  if (value === undefined) return;
  Object.defineProperty(error, name, {
    value,
    configurable: true,
    enumerable: false,
    writable: true,
  });
}

/**
 * Puts `localAddress`, `localPort`, `remoteAddress` and `remotePort` on the error of a
 * connection, as far as they are known. A Unix-domain socket has none.
 *
 * @template {Error} T
 * @param {T} error
 * @param {Members | undefined} socket undefined where the handle has another owner
 * @returns {T} the same error
 */
function nameEnds(error, socket) {
  if (!socket) return error;
  const local = localEnd(socket);
  const remote = remoteEnd(socket);
  hide(error, 'localAddress', local?.address);
  hide(error, 'localPort', local?.port);
  hide(error, 'remoteAddress', remote?.address);
  hide(error, 'remotePort', remote?.port);
  return error;
}

/**
 * Takes note of where a socket or server is created.
 *
 * @param {Members} target
 * @param {Function} above its frame, and those above it, are left out
 */
function recordOrigin(target, above) {
  /** @type {{ stack?: string }} */
  const holder = {};
  Error.captureStackTrace(holder, above);
  const frames = String(holder.stack).split('\n').slice(1);
  target[kOrigin] = frames.filter((frame) => !frame.includes(ownFolder));
}

/**
 * Appends to the stack of an error where the socket was created, or the server that
 * accepted it.
 *
 * @param {unknown} error
 * @param {Members} socket
 */
function appendOrigin(error, socket) {
  if (!(error instanceof Error)) return;
  const isAccepted = Boolean(socket.server?.[kOrigin]);
  const frames = isAccepted ? socket.server[kOrigin] : socket[kOrigin];
  if (frames === undefined || error.stack?.includes(kHeading)) return;
  const what = isAccepted ? 'Accepted by a server that' : 'The socket';
  const heading = `    ${what} ${kHeading}`;
  error.stack = [error.stack, heading, ...frames].join('\n');
}

module.exports = {
  appendOrigin,
  isTracing,
  nameEnds,
  recordOrigin,
};
