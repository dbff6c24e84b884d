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
/** On a parser: the handle of rust-net that it reads from. */
const kConsumed = Symbol('consumed');
/** On a parser: what `onBodyAndTicks` calls. */
const kOnBodyBefore = Symbol('onBodyBefore');
const kChunk = Symbol('chunk');

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {object} Reads how to read from rust-net's handles
 * @property {(handle: any) => boolean} isOwn
 * @property {(handle: Members, taker: object, take: (chunk: Buffer) => void) => void}
 *   divert calls `take` as a method of the taker, with a chunk that is lent for the call
 * @property {(handle: Members, taker: object) => void} end
 * @property {() => void} runTicks runs ticks within an event
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

/** @type {Members} the parser's class, once it takes rust-net's handles */
let HTTPParser;
/** @type {Reads} */
let reads;
/** @type {Function} the parser's method, which copies what it keeps of a chunk */
let execute;

/**
 * Does for a chunk what the parser does in C++ for what it reads itself.
 *
 * @this {Members} the parser
 * @param {Buffer} chunk
 */
function feed(chunk) {
  const result = Reflect.apply(execute, this, [chunk]);
  const onExecute = this[HTTPParser.kOnExecute];
  if (typeof onExecute !== 'function') return;
  this[kChunk] = chunk;
  try {
    Reflect.apply(onExecute, this, [result]);
  } finally {
    this[kChunk] = undefined;
  }
}

/**
 * Runs ticks after each piece of a body, as they run when the parser reads in C++. The
 * rest of the chunk is parsed after them.
 *
 * @this {Members} the parser
 * @param {unknown[]} args
 */
function onBodyAndTicks(...args) {
  const result = Reflect.apply(this[kOnBodyBefore], this, args);
  if (this[kConsumed] !== undefined) reads.runTicks();
  return result;
}

/** @param {Members} parser */
function stop(parser) {
  const handle = parser[kConsumed];
  if (handle === undefined) return;
  parser[kConsumed] = undefined;
  reads.end(handle, parser);
}

/**
 * Starts to feed a parser with what a handle of rust-net receives.
 *
 * @param {Members} parser
 * @param {Members} handle
 */
function start(parser, handle) {
  const { kOnBody } = HTTPParser;
  stop(parser);
  parser[kConsumed] = handle;
  reads.divert(handle, parser, feed);
  const onBody = parser[kOnBody];
  // It stays when the parser is used again.
  if (typeof onBody !== 'function' || onBody === onBodyAndTicks) return;
  parser[kOnBodyBefore] = onBody;
  parser[kOnBody] = onBodyAndTicks;
}

/**
 * Returns the methods for the parser's prototype, by name.
 *
 * @param {Members} prototype
 * @returns {Record<string, Function>}
 */
function replacements({ consume, unconsume, getCurrentBuffer }) {
  return {
    /** @this {Members} */
    consume(/** @type {Members} */ handle) {
      if (!reads.isOwn(handle)) return Reflect.apply(consume, this, arguments);
      return start(this, handle);
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

/**
 * Makes the parser of a new connection read from its handle, as node:http does on
 * node's sockets. Does nothing when someone else reads already.
 *
 * @param {Members} socket rust-net's, which node:http has set up
 */
function consumeConnection(socket) {
  const { _handle: handle, parser } = socket;
  if (!parsers.takesOwn || !parser || !handle || handle._consumed) return;
  const readers = socket.listenerCount('data');
  if (readers !== 1 || socket.listenerCount('readable') > 0) return;
  parser._consumed = true;
  handle._consumed = true;
  parser.consume(handle);
}

const parsers = {
  consumeConnection,

  /** True when `prepare` has nothing left to do. */
  ready: false,

  /** True when parsers take rust-net's handles. */
  takesOwn: false,

  /**
   * Makes node's parsers take rust-net's handles, if node has loaded them.
   *
   * @param {Reads} given
   */
  prepare(given) {
    if (!isParserLoaded()) return;
    parsers.ready = true;
    const found = parserClass();
    if (found === undefined) return;
    HTTPParser = found;
    reads = given;
    ({ execute } = HTTPParser.prototype);
    Object.assign(HTTPParser.prototype, replacements(HTTPParser.prototype));
    parsers.takesOwn = true;
  },
};

module.exports = parsers;
