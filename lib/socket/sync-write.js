'use strict';

const fs = require('fs');

/**
 * Makes a `_write` that blocks until the chunk is written.
 *
 * @param {number} fd
 * @returns {(chunk: any, encoding: any, callback: Function) => void}
 */
function syncWrite(fd) {
  return function (chunk, encoding, callback) {
    const bytes = encoding === 'buffer' ? chunk : Buffer.from(chunk, encoding);
    this._handle.bytesWritten += bytes.length;
    try {
      fs.writeSync(fd, bytes);
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  };
}

module.exports = { syncWrite };
