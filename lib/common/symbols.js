'use strict';

/*
 * rust-net's own symbols that more than one folder uses. The descriptions are
 * node's, so that `util.inspect(socket)` shows the same names as for node:net.
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
  /** On a Socket or Server: false after the option `coalesce: false`. */
  kCoalesce: Symbol('kCoalesce'),
  /** On a Socket or Server: false after the option `relay: false`. */
  kRelays: Symbol('kRelays'),
  /** On a Socket or Server: false after the option `handOver: false`. */
  kHandOver: Symbol('kHandOver'),
  /** On a handle of node's own: true when rust-net's Socket stands on it. */
  kHandedOver: Symbol('handedOver'),
  /** On a Server: its counters. */
  kStats: Symbol('kStats'),
  /** On a Socket or Server: the value of the option `copyWrites`. */
  kCopyWrites: Symbol('kCopyWrites'),
  /** On a Socket or Server: the value of the option `offload`. */
  kOffload: Symbol('kOffload'),
  kSetTOS: Symbol('kSetTOS'),
  /** On a Socket: true once somebody has listened to 'descriptors'. */
  kTakesDescriptors: Symbol('kTakesDescriptors'),
  /** On a Socket: the running time limit of its connect(), if it has one. */
  kDeadline: Symbol('kDeadline'),
  /** On a Socket or Server: the options by name that were set, if there are any. */
  kNamedOptions: Symbol('kNamedOptions'),
  /** On a Socket or Server: the frames that created it, with RUST_NET_TRACE=1. */
  kOrigin: Symbol('kOrigin'),
  kReinitializeHandle: Symbol('kReinitializeHandle'),
  /** On a Socket: its race in parallel, while that goes on. */
  kRace: Symbol('race'),
  /** On the result of `_normalizeArgs`: must not be normalized again. */
  kNormalizedArgs: Symbol('normalizedArgs'),
  /** On a Socket: its 'net' entry of perf_hooks, if these are observed. */
  kPerfContext: Symbol('kPerfHooksNetConnectContext'),
  /** On a Socket: true when its handle came, bound, from a BoundSocket. */
  kBoundSource: Symbol('kBoundSource'),
  /** On a Socket: the path that its adopted handle is bound to. */
  kBoundPath: Symbol('kBoundPath'),
  /** On an `onread` function: true when it takes a Buffer, not an ArrayBuffer. */
  kTakesBuffer: Symbol('takesBuffer'),
  /** On an `onread` function: true when it uses the bytes within its call alone. */
  kBorrowsBuffer: Symbol('borrowsBuffer'),
  /** On a Server: the class of its connections, if that is not Socket. */
  kConnectionClass: Symbol('kConnectionClass'),
  /** On a Server: called with each connection after its 'connection'. */
  kOnConnection: Symbol('kOnConnection'),
  kBoundSocketConsume: Symbol('kBoundSocketConsume'),
  kBoundSocketPath: Symbol('kBoundSocketPath'),
};
