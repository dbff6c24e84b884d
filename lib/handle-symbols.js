'use strict';

/*
 * What the dispatcher and the handle classes know of a handle, and nobody else.
 */

module.exports = {
  kKey: Symbol('key'),
  kClosed: Symbol('closed'),
  kReading: Symbol('reading'),
  kStash: Symbol('stash'),
  kUserBuffer: Symbol('userBuffer'),
  kConnectRequest: Symbol('connectRequest'),
  kShutdownRequest: Symbol('shutdownRequest'),
  kWriteRequests: Symbol('writeRequests'),
  kOnClosed: Symbol('onClosed'),
  /** What came in and what went out by way of JavaScript, in bytes. */
  kReceived: Symbol('received'),
  kSent: Symbol('sent'),
  /** The relay whose source this handle is, and whether it was in any. */
  kRelay: Symbol('relay'),
  kRelayed: Symbol('relayed'),
  /** On a server: what makes it the trigger of what it accepts. */
  kClientOptions: Symbol('clientOptions'),
};
