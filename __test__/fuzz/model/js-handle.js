'use strict';

/*
 * A pair of handles written in JavaScript, as in packages that intercept
 * connections: bytes written to one are read from the other.
 */

const binding = process.binding('stream_wrap');
const { UV_EOF } = process.binding('uv');
const state = binding.streamBaseState;

/** One end of the pair. */
class JsHandle {
  /** @param {boolean} isAsync whether writes are completed later */
  constructor(isAsync) {
    this.isAsync = isAsync;
    /** @type {any} */
    this.onread = null;
    /** @type {any} */
    this.other = null;
    this.bytesRead = 0;
    this.bytesWritten = 0;
    this.queue = [];
    this.isStarted = false;
    this.isClosed = false;
    this.writev = this.writeList;
  }

  /** Returns the code that `onread` receives. */
  codeOf() {
    return state[binding.kReadBytesOrError];
  }

  getAsyncId() {
    return 1;
  }

  readStart() {
    this.isStarted = true;
    setImmediate(() => this.deliver());
    return 0;
  }

  readStop() {
    this.isStarted = false;
    return 0;
  }

  /** Delivers one chunk or EOF while the handle is reading. */
  deliver() {
    while (this.isStarted && !this.isClosed && this.queue.length > 0) {
      const bytes = this.queue.shift();
      if (bytes === null) {
        state[binding.kReadBytesOrError] = UV_EOF;
        this.onread(undefined);
        continue;
      }
      this.bytesRead += bytes.length;
      const memory = new Uint8Array(bytes.length + 3);
      memory.set(bytes, 3);
      state[binding.kReadBytesOrError] = bytes.length;
      state[binding.kArrayBufferOffset] = 3;
      this.onread(memory.buffer);
    }
  }

  // Newer Nodes give no request, and take one only of a write that goes on.
  send(given, bytes) {
    const req = given ?? { writeStatus: null };
    if (given === null) state[binding.kLastWriteErr] = 0;
    this.bytesWritten += bytes.length;
    state[binding.kBytesWritten] = bytes.length;
    state[binding.kLastWriteWasAsync] = this.isAsync ? 1 : 0;
    if (bytes.length > 0) this.other.queue.push(Buffer.from(bytes));
    setImmediate(() => {
      this.other.deliver();
      if (this.isAsync) req.oncomplete(0, this, undefined);
    });
    return given === null && this.isAsync ? req : 0;
  }

  writeBuffer(req, bytes) {
    return this.send(req, bytes);
  }

  writeList(req, chunks, areBuffers) {
    const buffers = [];
    for (let i = 0; i < chunks.length; i += areBuffers ? 1 : 2) {
      const chunk = chunks[i];
      const isText = typeof chunk === 'string';
      buffers.push(isText ? Buffer.from(chunk, chunks[i + 1]) : chunk);
    }
    return this.send(req, Buffer.concat(buffers));
  }

  shutdown(req) {
    this.other.queue.push(null);
    setImmediate(() => {
      this.other.deliver();
      req.oncomplete(0);
    });
    return 0;
  }

  close(callback) {
    if (!this.isClosed) this.other.queue.push(null);
    this.isClosed = true;
    setImmediate(() => {
      this.other.deliver();
      callback?.();
    });
  }
}

const encodings = {
  Utf8: 'utf8',
  Ascii: 'latin1',
  Latin1: 'latin1',
  Ucs2: 'ucs2',
};
for (const [name, encoding] of Object.entries(encodings)) {
  JsHandle.prototype[`write${name}String`] = function (req, text) {
    return this.send(req, Buffer.from(text, encoding));
  };
}

/**
 * @param {boolean} isAsync
 * @returns {[JsHandle, JsHandle]}
 */
function handlePair(isAsync) {
  const handles = [new JsHandle(isAsync), new JsHandle(isAsync)];
  handles[0].other = handles[1];
  handles[1].other = handles[0];
  return /** @type {[JsHandle, JsHandle]} */ (handles);
}

module.exports = { handlePair };
