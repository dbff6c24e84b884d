'use strict';

/*
 * The ways to read. Each passes everything that a socket receives to `take`,
 * and calls `done` after the last chunk. The argument of `done` is a check to
 * run later.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Writable, pipeline } = require('node:stream');

// A pausing reader pauses after this many chunks.
const PAUSE_AFTER = 8;

function readFlowing(socket, take, done) {
  socket.on('data', take);
  socket.on('end', () => done());
}

const readers = {
  data: readFlowing,

  readable(socket, take, done) {
    socket.on('readable', () => {
      for (let chunk; (chunk = socket.read()) !== null;) take(chunk);
    });
    socket.on('end', () => done());
  },

  async iterator(socket, take, done) {
    for await (const chunk of socket) take(chunk);
    done();
  },

  setEncoding(socket, take, done) {
    readFlowing(socket.setEncoding('utf8'), take, done);
  },

  /** Pauses now and then, and resumes in the next loop iteration. */
  pause(socket, take, done) {
    let count = 0;
    socket.on('data', (chunk) => {
      take(chunk);
      if (++count % PAUSE_AFTER !== 0) return;
      socket.pause();
      setImmediate(() => socket.resume());
    });
    socket.on('end', () => done());
  },

  pipeline(socket, take, done) {
    const sink = new Writable({
      write(chunk, _, callback) {
        take(chunk);
        callback();
      },
    });
    pipeline(socket, sink, (error) => {
      if (error) throw error;
      done();
    });
  },

  /**
   * The file is checked afterwards, as a 'data' listener would change the
   * shape.
   */
  file(socket, take, done) {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-bench-'));
    const file = path.join(folder, 'received');
    const stream = fs.createWriteStream(file);
    socket.pipe(stream);
    stream.on('close', () =>
      done(() => {
        takeFile(file, take);
        fs.rmSync(folder, { recursive: true });
      }),
    );
  },

  // The bytes arrive in the callback that the socket was created with.
  onread: (socket, _, done) => socket.on('end', () => done()),
  onreadFunction: (socket, _, done) => socket.on('end', () => done()),
};

function takeFile(file, take) {
  const descriptor = fs.openSync(file);
  const part = Buffer.alloc(1024 * 1024);
  for (let length; (length = fs.readSync(descriptor, part)) > 0;) {
    take(part.subarray(0, length));
  }
  fs.closeSync(descriptor);
}

/**
 * Returns the options of net.connect that a way to read needs.
 *
 * @param {{ api: string, size?: number }} read
 * @param {(chunk: Buffer) => void} take
 */
function readOptions({ api, size }, take) {
  if (!api.startsWith('onread')) return {};
  const callback = (length, buffer) => {
    take(buffer.subarray(0, length));
    return true;
  };
  const make = () => Buffer.allocUnsafeSlow(size);
  if (api === 'onread') return { onread: { buffer: make(), callback } };
  // Two buffers in turn: one is processed while the other fills.
  const buffers = [make(), make()];
  let turn = 0;
  return { onread: { buffer: () => buffers[turn++ % 2], callback } };
}

module.exports = { readOptions, readers };
