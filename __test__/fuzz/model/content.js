'use strict';

/*
 * The expected content of every byte. A stream's bytes are a slice of one
 * random pattern, and each stream's slice begins elsewhere. Lost, doubled and
 * foreign bytes are therefore detected where they arrive.
 */

const { numbersFrom } = require('../../helpers/numbers');

/** Not a power of two, so that a shift by a page or a slab is detected. */
const PERIOD = 2 ** 20 + 7;

const pattern = Buffer.allocUnsafeSlow(2 * PERIOD);
const letters = 'aZ09 é世ü€\u{1f30d}ж~';
{
  const below = numbersFrom(20261124);
  for (let i = 0; i < PERIOD; i++) pattern[i] = below(256);
  pattern.copy(pattern, PERIOD, 0, PERIOD);
}
const text = Array.from(
  { length: 4096 },
  (_, i) => [...letters][(i * 7 + (i >> 4)) % [...letters].length],
).join('');

/**
 * @param {number} phase where the stream's bytes begin
 * @param {number} from
 * @param {number} size at most a period
 * @returns {Buffer} a piece of the pattern; not to be changed
 */
function patternAt(phase, from, size) {
  const start = (phase + from) % PERIOD;
  return pattern.subarray(start, start + size);
}

/**
 * @param {number} from
 * @param {number} size in UTF-16 units, about
 * @returns {string} letters of one to four bytes
 */
function textAt(from, size) {
  let made = text.slice(from % 1000);
  while (made.length < size) made += text;
  // A lone surrogate would become another character.
  return Buffer.from(made.slice(0, size), 'utf8').toString('utf8');
}

/** Everything that one end sends: its own pieces, and what is piped into it. */
class Out {
  /** @param {number} phase */
  constructor(phase) {
    this.phase = phase;
    this.total = 0;
    /** The number of bytes whose write callback was called. */
    this.acknowledged = 0;
    /** True when written and piped bytes are mixed in an unknown order. */
    this.isMixed = false;
    this.segments = [];
  }

  /** @returns {object | undefined} the pipe that is open */
  get pipe() {
    const last = this.segments.at(-1);
    return last?.source && last.length === Infinity ? last : undefined;
  }

  /** @param {Buffer} bytes */
  append(bytes) {
    if (this.pipe) {
      this.isMixed = true;
      return;
    }
    const { length } = bytes;
    this.segments.push({ start: this.total, length, bytes });
    this.total += length;
  }

  /**
   * @param {object} source an endpoint
   * @param {number} from its position
   */
  pipeFrom(source, from) {
    if (this.pipe) this.isMixed = true;
    else {
      this.segments.push({ start: this.total, length: Infinity, source, from });
    }
  }

  /** @param {number} to the source's position at the end of the pipe */
  endPipe(to) {
    const { pipe } = this;
    if (!pipe) return;
    pipe.length = Math.max(0, to - pipe.from);
    this.total = pipe.start + pipe.length;
  }

  /** @returns {number} how many bytes were passed to the socket so far */
  get sent() {
    const { pipe } = this;
    if (!pipe) return this.total;
    return pipe.start + Math.max(0, pipe.source.position() - pipe.from);
  }

  /**
   * @param {number} from
   * @param {number} size
   * @param {number} [depth] of pipes
   * @returns {Buffer | undefined} the expected bytes: fewer than `size` where
   *   fewer were sent, undefined where they cannot be known
   */
  slice(from, size, depth = 0) {
    if (this.isMixed || depth > 8) return undefined;
    const found = [];
    for (
      let i = this.indexOf(from);
      i < this.segments.length && size > 0;
      i++
    ) {
      const segment = this.segments[i];
      const skip = from - segment.start;
      const take = Math.min(size, segment.length - skip);
      if (take <= 0) continue;
      const piece = pieceOf(segment, skip, take, depth);
      if (piece === undefined) return undefined;
      found.push(piece);
      from += piece.length;
      size -= piece.length;
      if (piece.length < take) break;
    }
    return found.length === 1 ? found[0] : Buffer.concat(found);
  }

  /**
   * Returns the index of the segment with the byte at `at`, by binary search.
   */
  indexOf(at) {
    let [low, high] = [0, this.segments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const { start, length } = this.segments[middle];
      if (start + length <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function pieceOf(segment, skip, take, depth) {
  if (segment.bytes) return segment.bytes.subarray(skip, skip + take);
  const { source, from } = segment;
  return source.incoming()?.slice(from + skip, take, depth + 1);
}

module.exports = { Out, patternAt, textAt };
