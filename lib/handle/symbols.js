'use strict';

/*
 * What the dispatcher and the handle classes know of a handle, and nobody else.
 */

module.exports = {
  kKey: Symbol('key'),
  kClosed: Symbol('closed'),
  /** What was read may be delivered: see handle.js for who owns which fact. */
  kReading: Symbol('reading'),
  kStash: Symbol('stash'),
  kUserBuffer: Symbol('userBuffer'),
  kConnectRequest: Symbol('connectRequest'),
  kShutdownRequest: Symbol('shutdownRequest'),
  /** Writes that the kernel has not taken as a whole, oldest first. */
  kFirstWrite: Symbol('firstWrite'),
  kLastWrite: Symbol('lastWrite'),
  /** The shutdown comes after them. */
  kShutdownWaits: Symbol('shutdownWaits'),
  kOnClosed: Symbol('onClosed'),
  /** What came in and what went out by way of JavaScript, in bytes. */
  kReceived: Symbol('received'),
  kSent: Symbol('sent'),
  /** The relay whose source this handle is, and whether it was in any. */
  kRelay: Symbol('relay'),
  kRelayed: Symbol('relayed'),
  /** The steps that the verbs of all handles share. */
  kConnect: Symbol('connect'),
  kMarkClosed: Symbol('markClosed'),
  kRefusal: Symbol('refusal'),
  /** On a server: makes the handle of a connection. */
  kAdmit: Symbol('admit'),
  /** On a server: what makes it the trigger of what it accepts. */
  kClientOptions: Symbol('clientOptions'),
};
