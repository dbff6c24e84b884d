'use strict';

/*
 * The handles below `net`, with the names and the shape of node's internal
 * bindings. For tests and packages that work at that level.
 */

require('./lib/common/host').expectNode();

const requests = require('./lib/handle/requests');
const state = require('./lib/handle/stream-state');
const tcpPipe = require('./lib/handle/tcp-pipe');
const { setForeignStreamState } = require('./lib/node/foreign-stream-state');
const { keepLoaded } = require('./lib/node/loader');

const tcp_wrap = {
  TCP: tcpPipe.TCP,
  TCPConnectWrap: requests.TCPConnectWrap,
  constants: tcpPipe.tcpConstants,
};

const pipe_wrap = {
  Pipe: tcpPipe.Pipe,
  PipeConnectWrap: requests.PipeConnectWrap,
  constants: tcpPipe.pipeConstants,
};

const stream_wrap = {
  ShutdownWrap: requests.ShutdownWrap,
  WriteWrap: requests.WriteWrap,
  kReadBytesOrError: state.kReadBytesOrError,
  kArrayBufferOffset: state.kArrayBufferOffset,
  kBytesWritten: state.kBytesWritten,
  kLastWriteWasAsync: state.kLastWriteWasAsync,
  streamBaseState: state.streamBaseState,
};

// A literal with these names, so that `import { tcp_wrap } from
// 'rust-net/handles'` finds them.
module.exports = { tcp_wrap, pipe_wrap, stream_wrap };

// A program that uses this module may write its own handles. They report their
// numbers in the array that it got from here.
setForeignStreamState(state.streamBaseState);
keepLoaded();
