'use strict';

/*
 * Opens the two ends of a connection. With the transport 'tls' they are TLS over a socket
 * of the module under test, as a database client has them: it connects first, and gives
 * the socket to `tls.connect`. Both ends know a key, so there are no certificates.
 */

const { once } = require('node:events');
const tls = require('node:tls');

const IDENTITY = 'benchmark';
const psk = Buffer.alloc(32, IDENTITY);
const common = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
};

const isTls = ({ transport }) => transport === 'tls';

/**
 * @param {any} net
 * @param {any} row
 * @param {any} options of net.connect
 * @returns {Promise<any>} a connected socket
 */
async function connect(net, row, options) {
  const socket = net.connect(options);
  await once(socket, 'connect');
  if (!isTls(row)) return socket;
  const secure = tls.connect({
    ...common,
    socket,
    pskCallback: () => ({ psk, identity: IDENTITY }),
    checkServerIdentity: () => undefined,
  });
  await once(secure, 'secureConnect');
  return secure;
}

/**
 * @param {any} net
 * @param {any} row
 * @param {any} options of net.createServer
 * @param {(socket: any) => void} accept gets each connection
 * @returns {any} a server
 */
function createServer(net, row, options, accept) {
  if (!isTls(row)) return net.createServer(options, accept);
  const own = { ...options, ...common, pskCallback: () => psk };
  return tls.createServer(own, accept);
}

module.exports = { connect, createServer };
