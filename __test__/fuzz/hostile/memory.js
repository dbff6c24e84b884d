'use strict';

/*
 * Memory for a call: real bytes and lookalikes. POISON surrounds the bytes and
 * fills memory that is detached.
 */

const { POISON } = require('./marks');

const canResize = typeof ArrayBuffer.prototype.resize === 'function';
const MARGIN = 64;
const sizes = [0, 1, 2, 7, 8, 63, 64, 65, 100, 300, 1023, 1024, 1025, 2000];
const largeSizes = [4095, 4096, 4097, 9000, 20_000, 65_535, 65_536, 65_537];
const hugeSizes = [262_144, 300_001, 1 << 20, 4 << 20];

/** Reports another length and other memory than it has. */
class Liar extends Uint8Array {
  get length() {
    return 5000;
  }
  get byteLength() {
    return 5000;
  }
  get byteOffset() {
    return 4096;
  }
  get buffer() {
    return new ArrayBuffer(5000);
  }
  *[Symbol.iterator]() {
    yield* [POISON, POISON];
  }
  subarray() {
    return new Uint8Array(5000).fill(POISON);
  }
  static get [Symbol.species]() {
    return Array;
  }
}

function pickSize({ random }) {
  return random.among([
    [80, () => random.pick(sizes)],
    [18, () => random.pick(largeSizes)],
    [2, () => random.pick(hugeSizes)],
  ]);
}

// Returns bytes of the mark between two margins of poison.
function framed(call, memory, Type, size) {
  new Uint8Array(memory).fill(POISON);
  const at = memory.byteLength > size ? MARGIN : 0;
  new Uint8Array(memory, at, size).fill(call.mark.byte);
  return new Type(memory, at, size);
}

function plain(call, Type = Uint8Array) {
  const size = pickSize(call);
  call.label(`${Type.name}(${size})`);
  const memory = new ArrayBuffer(size + 2 * MARGIN);
  return taken(call, framed(call, memory, Type, size), memory, size);
}

/** Records memory that may be changed during the call. */
function taken(call, bytes, memory, size) {
  call.given += size;
  call.memory.push(memory);
  return bytes;
}

function buffer(call) {
  const size = pickSize(call);
  call.label(`Buffer(${size})`);
  const memory = new ArrayBuffer(size + 2 * MARGIN);
  framed(call, memory, Uint8Array, size);
  return taken(call, Buffer.from(memory, MARGIN, size), memory, size);
}

// Returns bytes in node's pool, next to other buffers' bytes.
function pooled(call) {
  const size = call.random.pick(sizes);
  call.label(`pooled(${size})`);
  call.given += size;
  return Buffer.from(call.mark.letter.repeat(size), 'latin1');
}

function shared(call) {
  const size = pickSize(call);
  call.label(`shared(${size})`);
  call.given += size;
  const memory = new SharedArrayBuffer(size + 2 * MARGIN);
  return framed(call, memory, Uint8Array, size);
}

function resizable(call) {
  if (!canResize) return plain(call);
  const size = pickSize(call);
  call.label(`resizable(${size})`);
  call.given += 2 * size;
  const memory = new ArrayBuffer(size, { maxByteLength: 2 * size });
  new Uint8Array(memory).fill(call.mark.byte);
  call.memory.push(memory);
  // A view that follows the length of its memory, or one that may end up out of
  // bounds.
  const tracks = call.random.chance(50);
  const bytes = tracks
    ? new Uint8Array(memory)
    : new Uint8Array(memory, 0, size);
  if (call.random.chance(40)) memory.resize(call.random.below(2 * size + 1));
  new Uint8Array(memory).fill(call.mark.byte);
  return bytes;
}

function detached(call) {
  const size = pickSize(call);
  call.label(`detached(${size})`);
  const bytes = new Uint8Array(size).fill(POISON);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function liar(call) {
  const size = call.random.pick([0, 3, 64, 1000, 6000]);
  call.label(`Liar(${size})`);
  const memory = new ArrayBuffer(size + 2 * MARGIN);
  return taken(call, framed(call, memory, Liar, size), memory, size);
}

// Returns plain bytes whose own properties lie, and change with each read.
function ownLies(call) {
  const bytes = plain(call);
  let looks = 0;
  for (const name of ['length', 'byteLength', 'byteOffset', 'buffer']) {
    Object.defineProperty(bytes, name, {
      get() {
        call.interfere('own property');
        return call.random.pick([0, -1, NaN, 2 ** 32, looks++, 5000]);
      },
    });
  }
  return bytes;
}

function filledView(call, Type, unit) {
  const memory = new ArrayBuffer(64 * unit);
  new Uint8Array(memory).fill(call.mark.byte);
  call.given += 64 * unit;
  call.label(Type.name);
  return new Type(memory);
}

function lookalike(call) {
  const { random } = call;
  return random.among([
    [1, () => filledView(call, DataView, 1)],
    [3, () => filledView(call, Uint16Array, 2)],
    [2, () => filledView(call, Float64Array, 8)],
    [1, () => filledView(call, Uint8ClampedArray, 1)],
    [1, () => filledView(call, BigInt64Array, 8)],
    [1, () => plain(call).buffer],
    [1, () => new SharedArrayBuffer(64)],
    [1, () => ({ length: 500, byteLength: 500, byteOffset: 0 })],
    [1, () => new Array(50).fill(call.mark.byte)],
    [1, () => Object.create(Uint8Array.prototype)],
    [1, () => Object.create(Buffer.prototype, { byteLength: { value: 99 } })],
    [1, () => Object.setPrototypeOf(plain(call), null)],
    [1, () => Object.setPrototypeOf(plain(call), Array.prototype)],
    [1, () => new Proxy(plain(call), {})],
  ]);
}

/**
 * @param {any} call that the bytes are for
 * @returns {any} bytes, or something like them
 */
function makeBytes(call) {
  return call.random.among([
    [24, () => plain(call)],
    [14, () => buffer(call)],
    [8, () => pooled(call)],
    [8, () => shared(call)],
    [10, () => resizable(call)],
    [8, () => detached(call)],
    [8, () => liar(call)],
    [4, () => ownLies(call)],
    [16, () => lookalike(call)],
  ]);
}

/** Detaches memory; the bytes that were in it must not be sent any more. */
function takeAway(memory) {
  try {
    const moved = structuredClone(memory, { transfer: [memory] });
    new Uint8Array(moved).fill(POISON);
    return moved;
  } catch {
    return undefined;
  }
}

function shrink(memory, random) {
  if (canResize && memory.resizable && memory.byteLength > 0) {
    memory.resize(random.below(memory.byteLength));
  }
}

module.exports = { MARGIN, makeBytes, shrink, takeAway };
