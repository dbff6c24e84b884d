'use strict';

/*
 * The internal state of node's streams. Where a field is missing, the functions
 * return false or a public property, and every chunk passes through the stream.
 */

const { Duplex } = require('stream');

const { internal } = require('./internals');

const readableFields = [
  'dataEmitted',
  'decoder',
  'destroyed',
  'encoding',
  'endEmitted',
  'ended',
  'errored',
  'flowing',
  'length',
  'pipes',
  'readableListening',
  'reading',
  'sync',
];
const writableFields = [
  'corked',
  'defaultEncoding',
  'destroyed',
  'ending',
  'errored',
  'highWaterMark',
  'length',
  'needDrain',
  'writing',
];

function fieldsOf(property, fields) {
  const find = () => {
    const state = new Duplex()[property];
    return fields.every((field) => field in state) ? true : undefined;
  };
  return internal(
    `stream.${property}`,
    'every chunk passes through the stream, and pipe() is never relayed',
    find,
  );
}

const knowsReadable = fieldsOf('_readableState', readableFields)() === true;
const knowsWritable = fieldsOf('_writableState', writableFields)() === true;

/**
 * Returns true when a pushed chunk would go straight to the 'data' listeners: the
 * stream flows and has nothing buffered.
 *
 * @param {any} stream
 * @returns {boolean}
 */
function isFlowingFreely(stream) {
  if (!knowsReadable) return false;
  const state = stream._readableState;
  return (
    state.flowing === true &&
    state.length === 0 &&
    !state.sync &&
    !state.decoder &&
    !state.ended &&
    !state.destroyed &&
    state.pipes.length === 0
  );
}

/**
 * Records that 'data' was emitted without the stream.
 *
 * @param {any} stream one that is flowing freely
 */
function noteDataEmitted(stream) {
  stream._readableState.dataEmitted = true;
}

/**
 * Returns true when a write would go straight to `_write`, and no 'drain' or
 * 'finish' depends on it.
 *
 * @param {any} stream
 * @returns {boolean}
 */
function isWritingFreely(stream) {
  if (!knowsWritable) return false;
  const state = stream._writableState;
  return (
    state.length === 0 &&
    state.corked === 0 &&
    // An empty chunk may be under way.
    !state.writing &&
    !state.ending &&
    !state.destroyed &&
    !state.errored &&
    !state.needDrain
  );
}

/**
 * Returns true when a chunk keeps the stream below its high-water mark.
 *
 * @param {any} stream one that is writing freely
 * @param {number} length of the chunk, in bytes
 * @returns {boolean} false for an empty chunk
 */
function staysBelowMark(stream, length) {
  return length > 0 && length < stream._writableState.highWaterMark;
}

/**
 * Returns the encoding of strings that are written without one.
 *
 * @param {any} stream one that is writing freely
 * @returns {string}
 */
function defaultEncodingOf(stream) {
  return stream._writableState.defaultEncoding;
}

/**
 * Returns the only stream that a stream is piped to.
 *
 * @param {any} stream
 * @returns {any} undefined when there is none, or more than one
 */
function soleTarget(stream) {
  if (!knowsReadable) return undefined;
  const { pipes } = stream._readableState;
  return pipes.length === 1 ? pipes[0] : undefined;
}

/**
 * Returns the streams that a stream is piped to.
 *
 * @param {{ _readableState: { pipes: object[] } } | null} stream
 * @returns {object[]}
 */
function targetsOf(stream) {
  return (knowsReadable && stream?._readableState?.pipes) || [];
}

/**
 * Returns true when a stream flows into the target alone, has nothing buffered,
 * and has neither ended nor failed.
 *
 * @param {any} stream
 * @param {any} target
 * @returns {boolean}
 */
function isPipingFreely(stream, target) {
  if (soleTarget(stream) !== target) return false;
  const state = stream._readableState;
  return (
    state.flowing === true &&
    state.length === 0 &&
    !state.decoder &&
    !state.ended &&
    !state.errored &&
    !state.destroyed
  );
}

/**
 * Returns true once EOF was pushed, whether 'end' was emitted or not.
 *
 * @param {any} stream
 * @returns {boolean}
 */
function hasEnded(stream) {
  return knowsReadable ? stream._readableState.ended : stream.readableEnded;
}

/**
 * Returns true once 'end' was emitted.
 *
 * @param {any} stream
 * @returns {boolean}
 */
function hasEmittedEnd(stream) {
  if (!knowsReadable) return stream.readableEnded;
  return stream._readableState.endEmitted;
}

/**
 * Undoes `setEncoding`. Node's streams have no method for this.
 *
 * @param {any} stream
 */
function dropDecoder(stream) {
  if (!knowsReadable) return;
  const state = stream._readableState;
  state.decoder = null;
  state.encoding = null;
}

/**
 * Lets a stream flow although it has 'readable' listeners.
 *
 * @param {any} stream
 */
function ignoreReadableListeners(stream) {
  if (knowsReadable) stream._readableState.readableListening = false;
}

/**
 * Cancels the pending `_read` of a stream.
 *
 * @param {any} stream
 */
function forgetRead(stream) {
  if (knowsReadable) stream._readableState.reading = false;
}

/**
 * Returns what a stream has buffered to be read.
 *
 * @param {{ _readableState: { buffer: Iterable<any>, bufferIndex?: number } }} stream
 * @returns {Uint8Array[]} no strings
 */
function bufferedChunks(stream) {
  if (!knowsReadable) return [];
  const { buffer, bufferIndex = 0 } = stream._readableState;
  // A list with an iterator before Node 22.
  const chunks = [...buffer].slice(bufferIndex);
  return chunks.filter((chunk) => chunk instanceof Uint8Array);
}

module.exports = {
  bufferedChunks,
  defaultEncodingOf,
  dropDecoder,
  forgetRead,
  hasEmittedEnd,
  hasEnded,
  ignoreReadableListeners,
  isFlowingFreely,
  isPipingFreely,
  isWritingFreely,
  noteDataEmitted,
  soleTarget,
  staysBelowMark,
  targetsOf,
};
