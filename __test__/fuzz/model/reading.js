'use strict';

/*
 * The ways in which an end reads.
 */

const { errorFacts } = require('./facts');

/** The sizes of the buffers, used in turn as by a program with a pool. */
const sizes = [1, 64, 4096, 7, 65536, 1000, 16384];

function byData(endpoint) {
  endpoint.onData = (chunk) => endpoint.received(chunk);
  endpoint.socket.on('data', endpoint.onData);
}

function byReadable(endpoint, { n }) {
  const { socket } = endpoint;
  socket.on('readable', () => {
    endpoint.game.activity++;
    let chunk;
    while ((chunk = socket.read(n || undefined)) !== null) {
      endpoint.received(chunk);
    }
  });
}

async function byIterator(endpoint, { stopAt }) {
  const { socket } = endpoint;
  const start = endpoint.at;
  endpoint.isWaiting = true;
  try {
    for await (const chunk of socket) {
      endpoint.received(chunk);
      if (stopAt && endpoint.at - start >= stopAt) {
        endpoint.note('break');
        break;
      }
    }
    endpoint.note('iterated');
  } catch (error) {
    endpoint.note(`iterator threw ${errorFacts(error, endpoint.game)}`);
  }
  endpoint.isWaiting = false;
  endpoint.game.activity++;
}

const readers = { data: byData, readable: byReadable, iterate: byIterator };

/**
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {{ mode: string, n?: number, stopAt?: number, encoding?: string }} [reader]
 */
function startReading(endpoint, reader = endpoint.plan.reader) {
  endpoint.mode = reader.mode;
  if (reader.encoding) setEncoding(endpoint, reader.encoding);
  readers[reader.mode]?.(endpoint, reader);
}

/** Removes the 'data' listener, because a pipe takes over. */
function stopReading(endpoint) {
  if (endpoint.onData) endpoint.socket.off('data', endpoint.onData);
  endpoint.onData = undefined;
}

/**
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {string} encoding
 */
function setEncoding(endpoint, encoding) {
  // Bytes that are already buffered are also decoded.
  if (endpoint.textFrom === undefined) endpoint.textFrom = endpoint.at;
  endpoint.socket.setEncoding(encoding);
}

/**
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {{ size?: number, refuse?: number }} plan `size` of the one buffer,
 *   otherwise buffers of many sizes; every `refuse`-th call returns false
 * @returns {object} the option `onread`
 */
function onreadOption(endpoint, { size, refuse }) {
  let calls = 0;
  const next = () => Buffer.alloc(sizes[calls % sizes.length]);
  const callback = (nread, buffer) => {
    endpoint.received(Buffer.from(buffer.subarray(0, nread)));
    if (!refuse || ++calls % refuse) return calls++ >= 0;
    setImmediate(() => endpoint.socket.resume());
    return false;
  };
  return { buffer: size ? Buffer.alloc(size) : next, callback };
}

module.exports = { onreadOption, setEncoding, startReading, stopReading };
