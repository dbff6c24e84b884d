'use strict';

const path = require('node:path');

/**
 * Puts node:http on rust-net's sockets, where that is the module.
 *
 * @param {string} moduleId
 */
function takeHttp(moduleId) {
  if (moduleId !== 'node:net') require(path.join(moduleId, 'http')).install();
}

module.exports = { takeHttp };
