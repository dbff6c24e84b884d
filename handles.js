'use strict';

/*
 * The handles below `net`, under the names and in the shape of node's internal
 * bindings: for tests and packages that work on that level.
 */

const handle = require('./lib/handle');
const { keepLoaded } = require('./lib/node/loader');
const { setForeignStreamState } = require('./lib/node/stream-state');

const tcp_wrap = {
  TCP: handle.TCP,
  TCPConnectWrap: handle.TCPConnectWrap,
  constants: handle.tcpConstants,
};

const pipe_wrap = {
  Pipe: handle.Pipe,
  PipeConnectWrap: handle.PipeConnectWrap,
  constants: handle.pipeConstants,
};

const stream_wrap = {
  ShutdownWrap: handle.ShutdownWrap,
  WriteWrap: handle.WriteWrap,
  kReadBytesOrError: handle.kReadBytesOrError,
  kArrayBufferOffset: handle.kArrayBufferOffset,
  kBytesWritten: handle.kBytesWritten,
  kLastWriteWasAsync: handle.kLastWriteWasAsync,
  streamBaseState: handle.streamBaseState,
};

// Named here, so that `import { tcp_wrap } from 'rust-net/handles'` finds them.
module.exports = { tcp_wrap, pipe_wrap, stream_wrap };

// A program that has these writes its own handles for them.
setForeignStreamState(handle.streamBaseState);
keepLoaded();
