'use strict';

// A Socket on a handle that is written in JavaScript, as packages do that
// intercept connections. It gives its numbers as node's own handles do.

const assert = require('node:assert');
const { alone, both, nodeIs, same } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');
const { bytesOf, closed, destroyAfter } = require('../helpers/wire');

const { UV_ECONNRESET, UV_EOF } = process.binding('uv');
const stream = process.binding('stream_wrap');
const state = stream.streamBaseState;

/** One end of a pair; what is written here is delivered there. */
class Handle {
  /** @type {any} */
  onread = null;
  /** @type {any} */
  other = null;
  calls = [];
  bytesRead = 0;
  bytesWritten = 0;

  constructor({ isAsync = false, wrap = (data) => data } = {}) {
    this.isAsync = isAsync;
    this.wrap = wrap;
  }

  getAsyncId() {
    return 1;
  }

  readStart() {
    this.calls.push('readStart');
    return 0;
  }

  readStop() {
    this.calls.push('readStop');
    return 0;
  }

  deliver(nread, memory, offset = 0) {
    state[stream.kReadBytesOrError] = nread;
    state[stream.kArrayBufferOffset] = offset;
    this.onread(memory);
  }

  #send(req, data, verb) {
    this.calls.push(verb);
    this.bytesWritten += data.length;
    state[stream.kBytesWritten] = data.length;
    state[stream.kLastWriteWasAsync] = this.isAsync ? 1 : 0;
    setImmediate(() => {
      this.other.deliver(data.length, this.wrap(data), this.wrap.offset);
      if (this.isAsync) req.oncomplete(0, this, undefined);
    });
    return 0;
  }

  writeBuffer(req, data) {
    return this.#send(req, data, 'writeBuffer');
  }

  writeUtf8String(req, text) {
    return this.#send(req, Buffer.from(text), 'writeUtf8String');
  }

  writeLatin1String(req, text) {
    return this.#send(req, Buffer.from(text, 'latin1'), 'writeLatin1String');
  }

  writev(req, chunks, allBuffers) {
    const buffers = [];
    for (let i = 0; i < chunks.length; i += allBuffers ? 1 : 2) {
      buffers.push(Buffer.from(chunks[i], allBuffers ? '' : chunks[i + 1]));
    }
    return this.#send(req, Buffer.concat(buffers), 'writev');
  }

  shutdown(req) {
    this.calls.push('shutdown');
    setImmediate(() => {
      this.other.deliver(UV_EOF);
      req.oncomplete(0);
    });
    return 0;
  }

  close(callback) {
    this.calls.push('close');
    setImmediate(callback);
  }
}

/** As node's C++ gives it: a piece of memory, and where in it. */
function inMemory(data) {
  const bytes = new Uint8Array(data.length + inMemory.offset);
  bytes.set(data, inMemory.offset);
  return bytes.buffer;
}
inMemory.offset = 3;

const countingForUs = `
  const net = require('rust-net');
  const { stream_wrap } = require('rust-net/handles');
  const { kReadBytesOrError, streamBaseState } = stream_wrap;
  const handle = {
    getAsyncId: () => 1,
    readStart: () => 0,
    close: (callback) => setImmediate(callback),
  };
  const socket = new net.Socket({ handle, readable: true, writable: false });
  let text = '';
  socket.on('data', (data) => (text += data));
  socket.on('close', () => console.log(text));
  streamBaseState[kReadBytesOrError] = 3;
  handle.onread(Buffer.from('abc'));
  streamBaseState[kReadBytesOrError] = process.binding('uv').UV_EOF;
  handle.onread();`;

function pair(net, t, options) {
  const handles = [new Handle(options), new Handle(options)];
  [handles[0].other, handles[1].other] = [handles[1], handles[0]];
  const [a, b] = handles.map((handle) => {
    const given = { handle, readable: true, writable: true };
    return destroyAfter(t, new net.Socket({ ...given, allowHalfOpen: true }));
  });
  return { a, b, handles };
}

const shapes = {
  'a Buffer': {},
  // Node 26 gives a handle no request that it could complete later.
  ...(!nodeIs('26') && { 'a Buffer, later': { isAsync: true } }),
  'an ArrayBuffer': { wrap: inMemory },
  'a Uint8Array': { wrap: (data) => new Uint8Array(data) },
};

for (const [shape, options] of Object.entries(shapes)) {
  same(`bytes both ways, in ${shape}`, async (net, t) => {
    const { a, b, handles } = pair(net, t, options);
    const events = [];
    a.write('héllo', () => events.push('utf8'));
    a.write('\xe9', 'latin1', () => events.push('latin1'));
    a.end(Buffer.from([0, 1, 2]), () => events.push('end'));
    const received = await bytesOf(b);
    b.end('back');
    const back = await bytesOf(a);
    await Promise.all([closed(a), closed(b)]);
    assert.strictEqual(String(back), 'back');
    assert.strictEqual(received.length, 10);
    return {
      events,
      received: received.toString('hex'),
      isBuffer: [received, back].map(Buffer.isBuffer),
      calls: handles.map((handle) => handle.calls),
      counts: [a.bytesWritten, b.bytesWritten],
    };
  });
}

both('the end of a JavaScript handle', async (net, t) => {
  const { a, handles } = pair(net, t);
  a.resume();
  const ended = new Promise((resolve) => a.once('end', resolve));
  handles[0].deliver(UV_EOF);
  await ended;
});

same('a failure of a JavaScript handle', async (net, t) => {
  const { a, handles } = pair(net, t);
  const failed = new Promise((resolve) => a.once('error', resolve));
  handles[0].deliver(UV_ECONNRESET);
  const { code, syscall, message } = await failed;
  assert.strictEqual(code, 'ECONNRESET');
  return { code, syscall, message };
});

same('a JavaScript handle that does not count', async (net, t) => {
  const bare = Object.assign(new Handle(), {
    bytesRead: undefined,
    bytesWritten: undefined,
  });
  const socket = destroyAfter(t, new net.Socket({ handle: bare }));
  return [String(socket.bytesRead), String(socket.bytesWritten)];
});

// In a process of its own: it is so for all handles from then on.
alone(
  'a JavaScript handle that counts for rust-net/handles',
  async (net, t) => {
    const { lines } = await program(inProject(t), ['-e', countingForUs]);
    assert.deepStrictEqual(lines, ['abc']);
  },
);
