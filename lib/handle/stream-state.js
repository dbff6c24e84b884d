'use strict';

/*
 * The numbers of a handle's last call, at the indexes that node gives them.
 */

module.exports = {
  kReadBytesOrError: 0,
  kArrayBufferOffset: 1,
  kBytesWritten: 2,
  kLastWriteWasAsync: 3,
  streamBaseState: new Int32Array(5),
};
