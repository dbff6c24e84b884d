'use strict';

/*
 * The state of node's streams, beyond what their public properties tell. Where a
 * field is missing nothing is known, and the stream does all the work.
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
 * @param {any} stream
 * @returns {boolean} true when it flows, has nothing buffered, and a chunk would go
 *   straight on to the listeners of 'data'
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
 * Notes that 'data' was emitted past the stream.
 *
 * @param {any} stream
 */
function noteDataEmitted(stream) {
  stream._readableState.dataEmitted = true;
}

/**
 * @param {any} stream
 * @returns {boolean} true when a write would go straight on, and nothing waits for
 *   it
 */
function isWritingFreely(stream) {
  if (!knowsWritable) return false;
  const state = stream._writableState;
  return (
    state.length === 0 &&
    state.corked === 0 &&
    !state.ending &&
    !state.destroyed &&
    !state.errored &&
    !state.needDrain
  );
}

/**
 * @param {any} stream one that is writing freely
 * @param {number} length of a chunk, in bytes
 * @returns {boolean} true when the chunk leaves the stream below its mark
 */
function staysBelowMark(stream, length) {
  return length > 0 && length < stream._writableState.highWaterMark;
}

/**
 * @param {any} stream
 * @returns {string}
 */
function defaultEncodingOf(stream) {
  return stream._writableState.defaultEncoding;
}

/**
 * @param {any} stream
 * @returns {any} the one stream that it is piped to, else undefined
 */
function soleTarget(stream) {
  if (!knowsReadable) return undefined;
  const { pipes } = stream._readableState;
  return pipes.length === 1 ? pipes[0] : undefined;
}

/**
 * @param {any} stream
 * @param {any} target
 * @returns {boolean} true when it flows into that target alone, has nothing
 *   buffered, and is neither over nor failed
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
 * @param {any} stream
 * @returns {boolean} true when its end has come, delivered or not
 */
function hasEnded(stream) {
  return knowsReadable ? stream._readableState.ended : stream.readableEnded;
}

/**
 * @param {any} stream
 * @returns {boolean} true once 'end' was emitted
 */
function hasEmittedEnd(stream) {
  if (!knowsReadable) return stream.readableEnded;
  return stream._readableState.endEmitted;
}

/**
 * Undoes `setEncoding`, which node's streams cannot.
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
 * Has a stream flow that listeners of 'readable' hold back.
 *
 * @param {any} stream
 */
function ignoreReadableListeners(stream) {
  if (knowsReadable) stream._readableState.readableListening = false;
}

/**
 * Has a stream forget the `_read` that has not been answered.
 *
 * @param {any} stream
 */
function forgetRead(stream) {
  if (knowsReadable) stream._readableState.reading = false;
}

module.exports = {
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
};
