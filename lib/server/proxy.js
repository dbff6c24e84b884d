'use strict';

/*
 * The PROXY protocol of a server. The native side waits for the headers and reads them:
 * a connection reaches JavaScript with its header, or refused for it.
 */

const { BlockList, nativeKeyOf } = require('../address/block-list');
const { codes } = require('../common/errors');
const { validateInt32 } = require('../common/validators');
const { decodeProxyHeader, native, uv } = require('../handle/native');
const { kKey } = require('../handle/symbols');
const { Pipe, TCP } = require('../handle/tcp-pipe');
const { keepFromTls } = require('./limits');

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE } = codes;

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {import('../../index').ProxyHeader} ProxyHeader
 */

const kModes = ['require', 'accept'];
const kDefaultTimeout = 5000;

/** On a server: a copy of its list of trusted peers, where the list is node's own. */
const kTrustedCopy = Symbol('kTrustedCopy');

/** In the order of `Refusal` in src/net/gate.rs. */
const kReasons = [
  'PROXY_INVALID',
  'PROXY_TOO_LONG',
  'PROXY_CHECKSUM',
  'PROXY_INCOMPLETE',
  'PROXY_TIMEOUT',
  'PROXY_UNTRUSTED',
];

const { UV_ENOTSUP } = /** @type {Record<string, number>} */ (uv);

const isWindows = process.platform === 'win32';

/**
 * Throws ERR_INVALID_ARG_VALUE, ERR_INVALID_ARG_TYPE or ERR_OUT_OF_RANGE for an option
 * of the PROXY protocol that is invalid.
 *
 * @param {Members} options
 * @param {string} owner what errors call it
 */
function validateProxy({ proxyProtocol, proxyTimeout, trusted }, owner) {
  if (proxyProtocol !== undefined && !kModes.includes(proxyProtocol)) {
    throw new ERR_INVALID_ARG_VALUE(
      `${owner}.proxyProtocol`,
      proxyProtocol,
      "must be 'require' or 'accept'",
    );
  }
  if (proxyTimeout !== undefined) {
    validateInt32(proxyTimeout, `${owner}.proxyTimeout`, 1);
  }
  if (trusted !== undefined && !BlockList.isBlockList(trusted)) {
    throw new ERR_INVALID_ARG_TYPE(
      `${owner}.trusted`,
      'net.BlockList',
      trusted,
    );
  }
}

/**
 * Takes the options of the PROXY protocol.
 *
 * @param {Members} server
 * @param {Members} options
 */
function assignProxy(server, options) {
  validateProxy(options, 'options');
  for (const name of ['proxyProtocol', 'proxyTimeout', 'trusted']) {
    if (options[name] !== undefined) server[name] = options[name];
  }
}

/**
 * Returns the key of a server's list of trusted peers.
 *
 * @param {Members} server
 * @returns {number} -1 where there is none
 */
function keyOfTrusted(server) {
  const { trusted } = server;
  if (trusted === undefined) return -1;
  const key = nativeKeyOf(trusted);
  if (key >= 0) return key;
  const copy = new BlockList();
  copy.fromJSON(trusted.rules);
  Object.defineProperty(server, kTrustedCopy, {
    value: copy,
    configurable: true,
  });
  return nativeKeyOf(copy);
}

/**
 * Has the handle of a server that listens wait for PROXY headers, if its server wants
 * that.
 *
 * @param {Members} server
 * @returns {number} 0, or UV_ENOTSUP for a handle that cannot: a stand-in of cluster's,
 *   or a named pipe of Windows
 */
function applyProxy(server) {
  const { _handle: handle, proxyProtocol, proxyTimeout } = server;
  if (proxyProtocol === undefined) return 0;
  const isNative = handle instanceof TCP || handle instanceof Pipe;
  if (!isNative || (isWindows && handle instanceof Pipe)) return UV_ENOTSUP;
  keepFromTls(server);
  return native.setProxyRules(
    handle[kKey],
    proxyProtocol === 'require',
    proxyTimeout ?? kDefaultTimeout,
    keyOfTrusted(server),
  );
}

/**
 * Takes the PROXY header of a connection.
 *
 * @param {Members} handle
 * @returns {ProxyHeader | undefined} undefined where there is none
 */
function takeProxyHeader(handle) {
  if (handle[kKey] === undefined) return undefined;
  const bytes = native.takeProxyHeader(handle[kKey]);
  if (typeof bytes === 'number') return undefined;
  // The native side has read it before.
  return /** @type {ProxyHeader} */ (decodeProxyHeader(bytes));
}

/**
 * Makes a handle report the client of the proxy as its peer. A client with a path, or
 * none, has no address.
 *
 * @param {Members} handle
 * @param {ProxyHeader} header
 */
function showClient(handle, { command, transport, source }) {
  if (command === 'LOCAL' || transport === 'unknown') return;
  const { address, family, port } = /** @type {Members} */ (source ?? {});
  const peer = address === undefined ? {} : { address, family, port };
  const getClient = (/** @type {object} */ info) => {
    Object.assign(info, peer);
    return 0;
  };
  handle.getpeername = getClient;
  handle.getFormerPeer = getClient;
}

module.exports = {
  applyProxy,
  assignProxy,
  kReasons,
  showClient,
  takeProxyHeader,
  validateProxy,
};
