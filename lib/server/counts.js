'use strict';

const { countsOf } = require('../handle/counts');
const { kStats } = require('../common/symbols');

/** What a Server has counted. Its connections know it by `server[kStats]`. */
class ServerCounts {
  accepted = 0;
  dropped = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /**
   * Adds the bytes of a connection that is over.
   *
   * @param {number} bytesRead
   * @param {number} bytesWritten
   */
  addConnection(bytesRead, bytesWritten) {
    this.bytesRead += bytesRead;
    this.bytesWritten += bytesWritten;
  }

  /**
   * Adds what a listening handle has counted, before it is closed. Connections
   * that were rejected natively never reach JavaScript.
   *
   * @param {any} handle
   */
  addListener(handle) {
    this.dropped += countsOf(handle).rejected;
  }
}

/**
 * Makes a Server count. Hidden: `util.inspect` shows what node's shows.
 *
 * @param {any} server
 */
function startCounting(server) {
  Object.defineProperty(server, kStats, { value: new ServerCounts() });
}

module.exports = { startCounting };
