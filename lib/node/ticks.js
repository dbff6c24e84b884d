'use strict';

const { functionOf, internal } = require('./internals');

/**
 * Returns the function that node's own callback scopes run when they end: next
 * ticks, then microtasks.
 *
 * @type {() => Function | undefined}
 */
const tickCallback = internal(
  'process._tickCallback',
  'each event runs in its own callback scope',
  () => functionOf(/** @type {any} */ (process)._tickCallback),
);

module.exports = { tickCallback };
