'use strict';

/*
 * The numbers of the last call of a handle, at the same indexes as in node.
 */

module.exports = {
  kReadBytesOrError: 0,
  kArrayBufferOffset: 1,
  kBytesWritten: 2,
  kLastWriteWasAsync: 3,
  streamBaseState: new Int32Array(5),
};
