'use strict';

const { countsOf } = require('../handle/counts');
const { kStats } = require('../common/symbols');

/** The counters of a Server. Its connections find them as `server[kStats]`. */
class ServerCounts {
  accepted = 0;
  dropped = 0;
  rejectedByAddress = 0;
  rejectedByRate = 0;
  proxyHeaders = 0;
  proxyRefused = 0;
  bytesRead = 0;
  bytesWritten = 0;

  /**
   * Adds the bytes of a closed connection.
   *
   * @param {number} bytesRead
   * @param {number} bytesWritten
   */
  addConnection(bytesRead, bytesWritten) {
    this.bytesRead += bytesRead;
    this.bytesWritten += bytesWritten;
  }

  /**
   * Adds the counters of a listening handle; call it before the handle is closed.
   * Connections that were rejected natively never reach JavaScript.
   *
   * @param {any} handle
   */
  addListener(handle) {
    const counts = countsOf(handle);
    this.dropped += counts.rejected;
    this.rejectedByAddress += counts.rejectedByAddress;
    this.rejectedByRate += counts.rejectedByRate;
    this.proxyHeaders += counts.proxyHeaders;
    this.proxyRefused += counts.proxyRefused;
  }
}

/**
 * Gives a Server its counters. The property is not enumerable, so that
 * `util.inspect` shows what it shows of node's Server.
 *
 * @param {any} server
 */
function startCounting(server) {
  Object.defineProperty(server, kStats, { value: new ServerCounts() });
}

module.exports = { startCounting };
