'use strict';

/*
 * A handle, as a Socket wants one, whose bytes go through TLS. Underneath is a
 * Socket of its own, the transport, with the connection's former handle, and
 * node's TLSSocket over that.
 */

const { Socket } = require('../socket');
const {
  kBytesWritten,
  kLastWriteWasAsync,
  kReadBytesOrError,
  streamBaseState,
  uv,
} = require('../handle');
const { kOwner } = require('../symbols');

/** Verbs that mean the connection and not what is sent over it. */
const transportVerbs = [
  'getAsyncId',
  'getpeername',
  'getsockname',
  'getTypeOfService',
  'hasRef',
  'ref',
  'setKeepAlive',
  'setNoDelay',
  'setTypeOfService',
  'unref',
];

/** Made of a connection's handle, which it takes over. */
class SecureHandle {
  static {
    for (const verb of transportVerbs) {
      this.prototype[verb] = function (...args) {
        return this.#raw[verb]?.(...args) ?? 0;
      };
    }
  }

  #raw;
  #transport;
  #tls;
  #ended = false;
  #failure = null;
  /** Requests that are on their way. */
  #pending = new Set();

  /** Whether reading was started; kept by the Socket. */
  reading = false;
  bytesRead = 0;
  bytesWritten = 0;
  onread = null;

  /**
   * @param {any} raw the connection's handle
   * @param {Buffer | null} early what was already read from it
   * @param {(transport: any) => any} createTls
   */
  constructor(raw, early, createTls) {
    this.#raw = raw;
    raw.reading = false;
    /** @type {any} */
    const transport = new Socket({ handle: raw, allowHalfOpen: true });
    if (early !== null) transport.unshift(early);
    const tls = createTls(transport);
    tls.pause();
    tls.on('data', (chunk) => this.#deliver(chunk.length, chunk));
    tls.on('end', () => this.#end());
    // A failed handshake of a server tells its reason by this event only.
    tls.on('_tlsError', (error) => (this.#failure ??= error));
    tls.on('error', (error) => (this.#failure ??= error));
    tls.on('close', () => this.#afterTlsClosed());
    this.#transport = transport;
    this.#tls = tls;
  }

  get fd() {
    return this.#raw.fd;
  }

  get writeQueueSize() {
    return this.#tls.writableLength;
  }

  readStart() {
    this.#tls.resume();
    return 0;
  }

  readStop() {
    this.#tls.pause();
    return 0;
  }

  writeBuffer(request, data) {
    const { byteLength } = data;
    this.bytesWritten += byteLength;
    streamBaseState[kBytesWritten] = byteLength;
    streamBaseState[kLastWriteWasAsync] = 1;
    this.#pending.add(request);
    // After a failure the request waits for the close, which tells the reason.
    this.#tls.write(data, (error) => {
      if (!error) this.#complete(request, 0);
    });
    return 0;
  }

  writeUtf8String(request, text) {
    return this.writeBuffer(request, Buffer.from(text, 'utf8'));
  }

  writeLatin1String(request, text) {
    return this.writeBuffer(request, Buffer.from(text, 'latin1'));
  }

  writeAsciiString(request, text) {
    return this.writeLatin1String(request, text);
  }

  writeUcs2String(request, text) {
    return this.writeBuffer(request, Buffer.from(text, 'utf16le'));
  }

  /** Mixed data comes as [chunk, encoding, chunk, encoding, ...]. */
  writev(request, chunks, allBuffers) {
    const buffers = allBuffers
      ? chunks
      : chunks
          .filter((_, i) => i % 2 === 0)
          .map((chunk, i) =>
            typeof chunk === 'string'
              ? Buffer.from(chunk, chunks[i * 2 + 1])
              : chunk,
          );
    return this.writeBuffer(request, Buffer.concat(buffers));
  }

  /** Complete only when the last record has left: we may be closed then. */
  shutdown(request) {
    const transport = this.#transport;
    if (transport.writableFinished || transport.destroyed) return 1;
    this.#pending.add(request);
    transport.once('finish', () => this.#complete(request, 0));
    this.#tls.end();
    return 0;
  }

  close(callback) {
    const transport = this.#transport;
    const closed = () => {
      this.#cancel();
      callback?.();
    };
    this.#ended = true;
    this.#tls.destroy();
    if (transport.closed) process.nextTick(closed);
    else transport.once('close', closed);
    transport.destroy();
  }

  #complete(request, status) {
    if (this.#pending.delete(request)) {
      request.oncomplete(status, this, undefined);
    }
  }

  #cancel() {
    for (const request of this.#pending) {
      this.#complete(request, uv.UV_ECANCELED);
    }
  }

  #deliver(status, chunk) {
    if (chunk !== undefined) this.bytesRead += chunk.length;
    streamBaseState[kReadBytesOrError] = status;
    this.onread?.(chunk);
  }

  #end() {
    if (this.#ended) return;
    this.#ended = true;
    this.#deliver(uv.UV_EOF);
  }

  /** Not by `close`: the connection is over, or the handshake has failed. */
  #afterTlsClosed() {
    if (this.#failure !== null) this[kOwner]?.destroy(this.#failure);
    else if (!this.#ended) this.#deliver(uv.UV_ECONNRESET);
    else this.#cancel();
  }
}

module.exports = { SecureHandle };
