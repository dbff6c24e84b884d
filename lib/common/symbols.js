'use strict';

/*
 * rust-net's own symbols that more than one folder uses. The descriptions are
 * those that node:net shows in `util.inspect(socket)`, so that a debug session
 * shows what people know.
 */

module.exports = {
  /** On a handle: the Socket or Server that it belongs to. */
  kOwner: Symbol('owner_symbol'),
  /** On a Socket: where the `_handle` accessor keeps the handle. */
  kHandle: Symbol('kHandle'),
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
