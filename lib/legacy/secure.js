'use strict';

/*
 * `stream.setSecure()`: turns a connected stream into a TLS one in place. The
 * stream object stays; its handle is replaced.
 */

const tls = require('tls');

const { isIP } = require('../address/ip');
const { Socket } = require('../socket/socket');
const { kOwner } = require('../common/symbols');
const { SecureHandle } = require('./secure-handle');

/**
 * @typedef {object} Credentials
 * @property {import('tls').SecureContext} context
 * @property {boolean} wantsPeer true when a server requests a client certificate
 */

/**
 * Reads the credentials of `setSecure()`.
 *
 * @param {any} given a SecureContext, the old `{ key, cert, ca }`, or nothing
 * @returns {Credentials}
 */
function readCredentials(given) {
  const isContext = given != null && typeof given.context === 'object';
  return {
    context: isContext ? given : tls.createSecureContext(given ?? {}),
    // A context does not expose whether it has CA certificates.
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
    // Only tls.Server sets a property with the result of the verification.
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
    // As in node 0.4: the program itself checks the certificate's name.
    checkServerIdentity: () => undefined,
  });
  socket.once('secureConnect', () => onSecure(socket, socket.authorized));
  return socket;
}

/**
 * Takes the bytes that were received but not consumed: they are TLS already.
 *
 * @param {any} stream
 * @returns {Buffer | null}
 */
function takeUnread(stream) {
  if (stream.readableLength === 0) return null;
  const encoding = stream.readableEncoding ?? undefined;
  // No listener may see these bytes, and this read() must not start another.
  stream._handle.reading = true;
  stream.emit = () => false;
  // Without a length, a stream that flows returns only its first chunk.
  const chunk = stream.read(stream.readableLength);
  delete stream.emit;
  stream._handle.reading = false;
  return typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk;
}

/**
 * Replaces the handle. Everything written afterwards is sent over TLS.
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
 * Calls back when all earlier writes have been sent.
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
