'use strict';

/*
 * A handle, as a Socket wants one, whose bytes go through TLS. Underneath is a
 * Socket of its own, the transport, with the connection's former handle, and
 * node's TLSSocket over that.
 */

const { DuplexHandle } = require('../handle/duplex-handle');
const { Socket } = require('../socket/socket');

/** Made of a connection's handle, which it takes over. */
class SecureHandle extends DuplexHandle {
  /**
   * @param {any} raw the connection's handle
   * @param {Buffer | null} early what was already read from it
   * @param {(transport: any) => any} createTls
   */
  constructor(raw, early, createTls) {
    raw.reading = false;
    /** @type {any} */
    const transport = new Socket({ handle: raw, allowHalfOpen: true });
    if (early !== null) transport.unshift(early);
    const tls = createTls(transport);
    super(raw, tls, transport);
    // A failed handshake of a server tells its reason by this event only.
    tls.on('_tlsError', (error) => this.fail(error));
  }
}

module.exports = { SecureHandle };
