'use strict';

/*
 * Every symbol that more than one file uses. The descriptions are those that
 * node:net shows in `util.inspect(socket)`, so that what people see in a debug
 * session is what they know.
 */

const nodeNet = require('./node/net');

/** Node's own symbol, which is to be had from an object of node's only. */
function nodeSymbol(object, description) {
  const symbols = Object.getOwnPropertySymbols(object);
  const found = symbols.find((each) => each.description === description);
  return found ?? Symbol(description);
}

let timeoutSymbol;

module.exports = {
  /** On a handle: the Socket or Server that it belongs to. */
  kOwner: Symbol('owner_symbol'),
  /**
   * On a Socket or Server: the async id of its handle. Node core looks for it on
   * any that it is given.
   */
  kAsyncId: nodeSymbol(new nodeNet.Server(), 'async_id_symbol'),
  /** On a Socket: where the `_handle` accessor keeps the handle. */
  kHandle: Symbol('kHandle'),
  /**
   * On a Socket or a connect race: the pending timer. Node core refreshes those
   * of sockets that a TLSSocket wraps. Only a socket of node's has the symbol,
   * and making one takes half a millisecond: not for those who only `require`.
   */
  get kTimeout() {
    return (timeoutSymbol ??= nodeSymbol(new nodeNet.Socket(), 'timeout'));
  },
  kUpdateTimer: Symbol('kUpdateTimer'),
  kAfterAsyncWrite: Symbol('kAfterAsyncWrite'),
  kLastWriteQueueSize: Symbol('lastWriteQueueSize'),
  kBuffer: Symbol('kBuffer'),
  kBufferCb: Symbol('kBufferCb'),
  kBufferGen: Symbol('kBufferGen'),
  kBytesRead: Symbol('kBytesRead'),
  kBytesWritten: Symbol('kBytesWritten'),
  kSetNoDelay: Symbol('kSetNoDelay'),
  kSetKeepAlive: Symbol('kSetKeepAlive'),
  kSetKeepAliveInitialDelay: Symbol('kSetKeepAliveInitialDelay'),
  kSetKeepAliveInterval: Symbol('kSetKeepAliveInterval'),
  kSetKeepAliveCount: Symbol('kSetKeepAliveCount'),
  /** On a Socket or Server: false where `coalesce: false` was asked for. */
  kCoalesce: Symbol('kCoalesce'),
  /** On a Socket or Server: false where `relay: false` was asked for. */
  kRelays: Symbol('kRelays'),
  /** On a Server: what it has counted. */
  kStats: Symbol('kStats'),
  /** On a Socket or Server: the boolean that `copyWrites` was given as. */
  kCopyWrites: Symbol('kCopyWrites'),
  /** On a Socket or Server: the boolean that `offload` was given as. */
  kOffload: Symbol('kOffload'),
  kSetTOS: Symbol('kSetTOS'),
  kReinitializeHandle: Symbol('kReinitializeHandle'),
  /** On the result of `_normalizeArgs`: do not normalize it again. */
  kNormalizedArgs: Symbol('normalizedArgs'),
  /** On a Socket that 'net' entries of perf_hooks are observed of. */
  kPerfContext: Symbol('kPerfHooksNetConnectContext'),
  /** On a Socket: its handle came, bound already, out of a BoundSocket. */
  kBoundSource: Symbol('kBoundSource'),
  /** On a Socket: the path that its adopted handle was bound to. */
  kBoundPath: Symbol('kBoundPath'),
  /** On an `onread` function: it takes a Buffer instead of an ArrayBuffer. */
  kTakesBuffer: Symbol('takesBuffer'),
  /** On a Server: the class of what it accepts, when that is not Socket. */
  kConnectionClass: Symbol('kConnectionClass'),
  kBoundSocketConsume: Symbol('kBoundSocketConsume'),
  kBoundSocketPath: Symbol('kBoundSocketPath'),
};
