'use strict';

/*
 * The private fields of handles. Besides the files of lib/handle, relay.js in
 * lib/socket uses them.
 */

module.exports = {
  kKey: Symbol('key'),
  kClosed: Symbol('closed'),
  /** What was read may be delivered: see handle.js for who owns which fact. */
  kReading: Symbol('reading'),
  kStash: Symbol('stash'),
  /** The native side takes descriptors that come. */
  kTakesDescriptors: Symbol('takesDescriptors'),
  kUserBuffer: Symbol('userBuffer'),
  kConnectRequest: Symbol('connectRequest'),
  kShutdownRequest: Symbol('shutdownRequest'),
  /** The list of writes that the kernel has not taken completely, oldest first. */
  kFirstWrite: Symbol('firstWrite'),
  kLastWrite: Symbol('lastWrite'),
  /** True when a shutdown waits for these writes. */
  kShutdownWaits: Symbol('shutdownWaits'),
  kOnClosed: Symbol('onClosed'),
  /** Bytes received and sent through JavaScript, that is, not by a relay. */
  kReceived: Symbol('received'),
  kSent: Symbol('sent'),
  /** The relay whose source this handle is; true once it was in any relay. */
  kRelay: Symbol('relay'),
  kRelayed: Symbol('relayed'),
  /** Methods that the handle classes share. */
  kConnect: Symbol('connect'),
  kMarkClosed: Symbol('markClosed'),
  kRefusal: Symbol('refusal'),
  kWriteLarge: Symbol('writeLarge'),
  /** On a server: makes the handle of an accepted connection. */
  kAdmit: Symbol('admit'),
  /** On a server: async options that make it the trigger of its connections. */
  kClientOptions: Symbol('clientOptions'),
};
