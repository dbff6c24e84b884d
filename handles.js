'use strict';

/*
 * The handles below `net`, under the names and in the shape of node's internal
 * bindings: for tests and packages that work on that level.
 */

const handle = require('./lib/handle');

module.exports = {
  tcp_wrap: {
    TCP: handle.TCP,
    TCPConnectWrap: handle.TCPConnectWrap,
    constants: handle.tcpConstants,
  },
  pipe_wrap: {
    Pipe: handle.Pipe,
    PipeConnectWrap: handle.PipeConnectWrap,
    constants: handle.pipeConstants,
  },
  stream_wrap: {
    ShutdownWrap: handle.ShutdownWrap,
    WriteWrap: handle.WriteWrap,
    kReadBytesOrError: handle.kReadBytesOrError,
    kArrayBufferOffset: handle.kArrayBufferOffset,
    kBytesWritten: handle.kBytesWritten,
    kLastWriteWasAsync: handle.kLastWriteWasAsync,
    streamBaseState: handle.streamBaseState,
  },
};
