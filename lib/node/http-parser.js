'use strict';

/*
 * Node's HTTP parser on rust-net's handles. `parser.consume(handle)` makes the parser
 * read from the handle in C++, which only node's own handles can do. With any other
 * object the process would crash.
 */

const { functionOf, internal } = require('./internals');
const { countLoaded, isLoaded } = require('./loaded-modules');
const { loadOwn } = require('./loader');

const kBinding = 'Internal Binding http_parser';
const kStop = Symbol('stop');
const kChunk = Symbol('chunk');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {object} Reads how to read from rust-net's handles
 * @property {(handle: any) => boolean} isOwn
 * @property {(handle: Members, take: (chunk: Buffer) => void) => () => void} divert
 *   gives
 *   what arrives to `take`, until the result is called
 */

const parserClass = internal(
  'HTTPParser.prototype.consume',
  "parser.consume() of one of rust-net's handles crashes",
  () => {
    // As a variable, since the types of node do not have it.
    const name = '_http_common';
    const { HTTPParser } = loadOwn(() => require(name));
    return functionOf(HTTPParser.prototype.consume) && HTTPParser;
  },
);

/** How many entries of node's list of loaded modules have been searched. */
let searched = 0;

// Without the binding there is no parser, and with it http may be loaded.
function isParserLoaded() {
  const from = searched;
  searched = countLoaded();
  return searched > from && isLoaded(kBinding, from);
}

/**
 * Does for a chunk what the parser does in C++ for what it reads itself.
 *
 * @param {Members} parser
 * @param {number} kOnExecute
 * @param {Buffer} chunk
 */
function feed(parser, kOnExecute, chunk) {
  const result = parser.execute(chunk);
  const onExecute = parser[kOnExecute];
  if (typeof onExecute !== 'function') return;
  parser[kChunk] = chunk;
  try {
    Reflect.apply(onExecute, parser, [result]);
  } finally {
    parser[kChunk] = undefined;
  }
}

/** @param {Members} parser */
function stop(parser) {
  parser[kStop]?.();
  parser[kStop] = undefined;
}

/**
 * Returns the methods for the parser's prototype, by name.
 *
 * @param {Members} before the prototype's methods
 * @param {number} kOnExecute
 * @param {Reads} reads
 * @returns {Record<string, Function>}
 */
function replacements(before, kOnExecute, { isOwn, divert }) {
  const { consume, unconsume, getCurrentBuffer } = before;
  return {
    /** @this {Members} */
    consume(/** @type {Members} */ handle) {
      if (!isOwn(handle)) return Reflect.apply(consume, this, arguments);
      stop(this);
      const take = (/** @type {Buffer} */ chunk) =>
        feed(this, kOnExecute, chunk);
      this[kStop] = divert(handle, take);
      return undefined;
    },
    /** @this {Members} */
    unconsume() {
      stop(this);
      return Reflect.apply(unconsume, this, arguments);
    },
    /** @this {Members} */
    getCurrentBuffer() {
      const chunk = this[kChunk];
      if (chunk !== undefined) return Buffer.from(chunk);
      return Reflect.apply(getCurrentBuffer, this, arguments);
    },
  };
}

const parsers = {
  /** True when `prepare` has nothing left to do. */
  ready: false,

  /**
   * Makes node's parsers take rust-net's handles, if node has loaded them.
   *
   * @param {Reads} reads
   */
  prepare(reads) {
    if (!isParserLoaded()) return;
    parsers.ready = true;
    const HTTPParser = parserClass();
    if (HTTPParser === undefined) return;
    const { prototype, kOnExecute } = HTTPParser;
    Object.assign(prototype, replacements(prototype, kOnExecute, reads));
  },
};

module.exports = parsers;
