'use strict';

/*
 * Extracts those facts about errors and sockets that are the same in every run.
 */

/**
 * @param {string} text
 * @param {{ folder: string, ports: Map<number, string> }} names
 * @returns {string} without ports and paths that are other ones in each run
 */
function withoutPlaces(text, { folder, ports }) {
  return String(text)
    .split(folder)
    .join('<folder>')
    .replace(/(?<![\d.])\d{4,5}(?![\d.])/g, (digits) => {
      const port = Number(digits);
      return ports.get(port) ?? (port >= 1024 ? '<port>' : digits);
    });
}

/**
 * @param {any} error
 * @param {object} names
 * @returns {string} its fields, in their order
 */
function errorFacts(error, names) {
  if (!(error instanceof Error)) return `thrown ${String(error)}`;
  const fields = [error.constructor.name, error.name];
  for (const key of Object.keys(error)) {
    if (key !== 'errors') fields.push(`${key}=${error[key]}`);
  }
  fields.push(error.message);
  const inner = /** @type {any} */ (error).errors ?? [];
  for (const one of inner) fields.push(`[${errorFacts(one, names)}]`);
  return withoutPlaces(fields.join(' | '), names);
}

const plainState = [
  ...['destroyed', 'readable', 'writable', 'pending', 'connecting'],
  ...['readableEnded', 'writableEnded', 'writableFinished', 'closed'],
  ...['readableAborted', 'readableDidRead', 'writableNeedDrain'],
  ...['readyState', 'allowHalfOpen', 'timeout', 'readableEncoding'],
  ...['writableCorked', 'readableHighWaterMark', 'writableHighWaterMark'],
];
const flowState = ['readableFlowing', 'readableLength', 'writableLength'];

/**
 * @param {any} socket
 * @param {object} names
 * @returns {object} its observable state
 */
function stateOf(socket, names) {
  const state = {};
  for (const key of [...plainState, ...flowState]) state[key] = socket[key];
  for (const key of ['bytesRead', 'bytesWritten']) state[key] = socket[key];
  state.isPaused = socket.isPaused();
  state.hadError = socket._hadError;
  state.hasHandle = Boolean(socket._handle);
  state.errored = socket.errored ? errorFacts(socket.errored, names) : null;
  return state;
}

/**
 * @param {any} socket
 * @param {object} names
 * @returns {string} its addresses
 */
function addressFacts(socket, names) {
  const facts = [socket.address()];
  for (const side of ['local', 'remote']) {
    for (const what of ['Address', 'Family', 'Port']) {
      facts.push(socket[side + what] ?? null);
    }
  }
  return withoutPlaces(JSON.stringify(facts), names);
}

module.exports = { addressFacts, errorFacts, stateOf, withoutPlaces };
