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
  /** On a server: what makes it the trigger of what it accepts. */
  kClientOptions: Symbol('clientOptions'),
};
