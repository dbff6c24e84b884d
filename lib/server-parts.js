'use strict';

/*
 * All that a Server works with and `require('rust-net')` can do without.
 */

const { watchChildren } = require('./ipc-bridge');
const { listen } = require('./listen');
const { setupListenHandle } = require('./server-handle');
const { keepCounts, startCounting } = require('./stats');
const { tickTriggeredBy } = require('./trigger');

watchChildren();

module.exports = {
  keepCounts,
  listen,
  setupListenHandle,
  startCounting,
  tickTriggeredBy,
};
