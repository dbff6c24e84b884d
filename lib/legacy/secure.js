'use strict';

/*
 * `stream.setSecure()`: a connected stream becomes a TLS one in place. The
 * stream stays; its handle is replaced.
 */

const tls = require('tls');

const { isIP } = require('../address/ip');
const { Socket } = require('../socket/socket');
const { kOwner } = require('../common/symbols');
const { SecureHandle } = require('./secure-handle');

/**
 * @typedef {object} Credentials
 * @property {import('tls').SecureContext} context
 * @property {boolean} wantsPeer whether a server asks for a certificate
 */

/**
 * @param {any} given a SecureContext, the old `{ key, cert, ca }`, or nothing
 * @returns {Credentials}
 */
function readCredentials(given) {
  const isContext = given != null && typeof given.context === 'object';
  return {
    context: isContext ? given : tls.createSecureContext(given ?? {}),
    // A context does not tell whether it has certificates of authorities.
    wantsPeer: isContext || given?.ca != null,
  };
}

function createServerSide(transport, { context, wantsPeer }, onSecure) {
  const socket = new tls.TLSSocket(transport, {
    isServer: true,
    secureContext: context,
    requestCert: wantsPeer,
    rejectUnauthorized: false,
  });
  socket.once('secure', () => {
    // Only tls.Server tells by a property how the verification went.
    const { _handle: handle } = /** @type {any} */ (socket);
    onSecure(socket, wantsPeer && handle?.verifyError() == null);
  });
  return socket;
}

function createClientSide(transport, { context }, host, onSecure) {
  const socket = tls.connect({
    socket: transport,
    secureContext: context,
    servername: host && !isIP(host) ? host : '',
    rejectUnauthorized: false,
    // As in those days: whose certificate it is, the program finds out.
    checkServerIdentity: () => undefined,
  });
  socket.once('secureConnect', () => onSecure(socket, socket.authorized));
  return socket;
}

/**
 * Takes out what has been received but not consumed: that is TLS already.
 *
 * @param {any} stream
 * @returns {Buffer | null}
 */
function takeUnread(stream) {
  if (stream.readableLength === 0) return null;
  const encoding = stream.readableEncoding ?? undefined;
  // Nobody is to see these bytes, and nothing is to be read in their place.
  stream._handle.reading = true;
  stream.emit = () => false;
  const chunk = stream.read();
  delete stream.emit;
  stream._handle.reading = false;
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

/**
 * Replaces the handle. What is written from here on is sent by TLS.
 *
 * @param {any} stream connected, with nothing left to send
 * @param {Credentials} credentials
 * @param {(socket: import('tls').TLSSocket, verified: boolean) => void} onSecure
 */
function makeSecure(stream, credentials, onSecure) {
  const raw = stream._handle;
  const { onread, onwriteerror, reading } = raw;
  raw.readStop();
  const early = takeUnread(stream);
  /** @type {any} */
  const handle = new SecureHandle(raw, early, (transport) =>
    stream.server
      ? createServerSide(transport, credentials, onSecure)
      : createClientSide(transport, credentials, stream._host, onSecure),
  );
  Object.assign(handle, { onread, onwriteerror, [kOwner]: stream });
  stream._handle = handle;
  if (!reading) return;
  handle.reading = true;
  handle.readStart();
}

/**
 * Calls back when everything has left that was written before this call.
 *
 * @param {any} stream
 * @param {() => void} callback
 */
function afterWrites(stream, callback) {
  if (stream.writableLength === 0) {
    callback();
    return;
  }
  Socket.prototype.write.call(stream, Buffer.alloc(0), undefined, (error) => {
    if (!error && !stream.destroyed) callback();
  });
}

module.exports = { afterWrites, makeSecure, readCredentials };
