'use strict';

/*
 * A handle for a Socket whose bytes go through TLS. Beneath it is node's
 * TLSSocket, over a second Socket, the transport, which has the connection's
 * former handle.
 */

const { DuplexHandle } = require('../handle/duplex-handle');
const { Socket } = require('../socket/socket');

/** Takes over a connection's handle and puts TLS on top of it. */
class SecureHandle extends DuplexHandle {
  /**
   * @param {any} raw the connection's handle
   * @param {Buffer | null} early bytes that were already read from it
   * @param {(transport: any) => any} createTls
   */
  constructor(raw, early, createTls) {
    raw.reading = false;
    /** @type {any} */
    const transport = new Socket({
      handle: raw,
      allowHalfOpen: true,
      // This handle keeps the connection's verbs.
      handOver: false,
    });
    if (early !== null) transport.unshift(early);
    const tls = createTls(transport);
    super(raw, tls, transport);
    // On a server, only this event carries the reason of a failed handshake.
    tls.on('_tlsError', (error) => this.fail(error));
  }
}

module.exports = { SecureHandle };
