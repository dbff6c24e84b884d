'use strict';

/*
 * Node's functions that encode text into memory. `Buffer.prototype.write` calls
 * them by name, and a program may have replaced them: its function would get hold
 * of memory that rust-net uses for other connections.
 */

const { functionOf, internal } = require('./internals');

const { call } = Function.prototype;
const write = call.bind(Buffer.prototype.write);

/**
 * @typedef {(memory: Buffer, text: string, at: number, room: number) => number}
 *   TextWriter puts as much of a text as fits into the `room` bytes from `at` on,
 *   and returns how many bytes it has written
 */

/**
 * Returns the function for an encoding.
 *
 * @param {string} name of a method of Buffer
 * @param {BufferEncoding} encoding
 * @returns {TextWriter}
 */
function writerOf(name, encoding) {
  const method = internal(
    `Buffer.prototype.${name}`,
    'Buffer.prototype.write encodes text, and calls what a program replaces',
    () => functionOf(Buffer.prototype[name]),
  )();
  if (method !== undefined) return call.bind(method);
  return (memory, text, at, room) => write(memory, text, at, room, encoding);
}

const writeUtf8 = writerOf('utf8Write', 'utf8');
const writeLatin1 = writerOf('latin1Write', 'latin1');
const writeUtf16 = writerOf('ucs2Write', 'utf16le');

module.exports = { writeLatin1, writeUtf16, writeUtf8 };
