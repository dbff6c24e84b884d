'use strict';

/*
 * A handle for a Socket whose bytes go through a Duplex. The Duplex is node's
 * TLSSocket over the connection's former handle, or a socket of node:net over a
 * handle that only node can use.
 */

const {
  kBytesWritten,
  kLastWriteWasAsync,
  kReadBytesOrError,
  streamBaseState,
} = require('./stream-state');
const { uv } = require('./native');
const { kOwner } = require('../common/symbols');

// Takes node's form of mixed data: chunk, encoding, chunk, encoding, ...
function encodeAll(chunks) {
  const buffers = [];
  for (let i = 0; i < chunks.length; i += 2) {
    const chunk = chunks[i];
    buffers.push(
      typeof chunk === 'string' ? Buffer.from(chunk, chunks[i + 1]) : chunk,
    );
  }
  return buffers;
}

/** Verbs that concern the connection, not its data: the raw handle has them. */
const connectionVerbs = [
  'getAsyncId',
  'getpeername',
  'getsockname',
  'getTypeOfService',
  'hasRef',
  'ref',
  'setBlocking',
  'setKeepAlive',
  'setNoDelay',
  'setTypeOfService',
  'unref',
];

/** Takes over a connection's handle, and uses a Duplex for its data. */
class DuplexHandle {
  static {
    for (const verb of connectionVerbs) {
      this.prototype[verb] = function (...args) {
        return this.#raw[verb]?.(...args) ?? 0;
      };
    }
  }

  #raw;
  #duplex;
  #transport;
  #ended = false;
  #failure = null;
  /** The requests that are not completed. */
  #pending = new Set();

  /** Marks a handle that reports in rust-net's `streamBaseState`. */
  isDuplexHandle = true;
  /** True when reading was started; set by the Socket. */
  reading = false;
  bytesRead = 0;
  bytesWritten = 0;
  onread = null;

  /**
   * @param {any} raw the connection's handle
   * @param {any} duplex the stream to read from and write to
   * @param {any} transport the stream that owns the connection: the duplex itself,
   *   or one beneath it
   */
  constructor(raw, duplex, transport = duplex) {
    this.#raw = raw;
    this.#transport = transport;
    this.#duplex = duplex;
    duplex.pause();
    duplex.on('data', (chunk) => this.#deliver(chunk.length, chunk));
    duplex.on('end', () => this.#end());
    duplex.on('error', (error) => this.fail(error));
    duplex.on('close', () => this.#afterClosed());
  }

  get fd() {
    return this.#raw.fd;
  }

  get isPipe() {
    return this.#raw.constructor.name === 'Pipe';
  }

  get writeQueueSize() {
    return this.#duplex.writableLength;
  }

  readStart() {
    this.#duplex.resume();
    return 0;
  }

  readStop() {
    this.#duplex.pause();
    return 0;
  }

  writeBuffer(request, data) {
    const { byteLength } = data;
    this.bytesWritten += byteLength;
    streamBaseState[kBytesWritten] = byteLength;
    streamBaseState[kLastWriteWasAsync] = 1;
    this.#pending.add(request);
    // After a failure the request is completed by the close, with its reason.
    this.#duplex.write(data, (error) => {
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

  writev(request, chunks, allBuffers) {
    const buffers = allBuffers ? chunks : encodeAll(chunks);
    return this.writeBuffer(request, Buffer.concat(buffers));
  }

  /** Ends the Duplex. Completes once all bytes are sent; close() may follow. */
  shutdown(request) {
    const transport = this.#transport;
    if (transport.writableFinished || transport.destroyed) return 1;
    this.#pending.add(request);
    transport.once('finish', () => this.#complete(request, 0));
    this.#duplex.end();
    return 0;
  }

  close(callback) {
    const transport = this.#transport;
    const closed = () => {
      this.#cancel();
      callback?.();
    };
    this.#ended = true;
    this.#duplex.destroy();
    if (transport.closed) process.nextTick(closed);
    else transport.once('close', closed);
    transport.destroy();
  }

  /**
   * Stores the error of a failure until the Duplex closes. Only the first counts.
   *
   * @param {Error} error
   */
  fail(error) {
    this.#failure ??= error;
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

  /** Handles a close of the Duplex, by the peer or after a failure. */
  #afterClosed() {
    if (this.#failure !== null) this[kOwner]?.destroy(this.#failure);
    else if (!this.#ended) this.#deliver(uv.UV_ECONNRESET);
    else this.#cancel();
  }
}

module.exports = { DuplexHandle };
