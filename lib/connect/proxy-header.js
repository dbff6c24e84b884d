'use strict';

/*
 * The option `proxyHeader` of connect(): the PROXY header that a client sends ahead of
 * everything else.
 */

const { isUint8Array } = require('util').types;

const { isIP } = require('../address/ip');
const { codes } = require('../common/errors');
const {
  validateArray,
  validateBoolean,
  validateInt32,
  validateObject,
  validatePort,
  validateString,
  validateUint32,
} = require('../common/validators');
const { encodeProxyHeader } = require('../handle/native');

const { ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_INVALID_IP_ADDRESS } =
  codes;

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 */

const kCommands = ['PROXY', 'LOCAL'];
const kTransports = ['stream', 'datagram', 'unknown'];
const kSslTexts = [
  'version',
  'commonName',
  'cipher',
  'signatureAlgorithm',
  'keyAlgorithm',
];

/**
 * @template T
 * @param {T} value
 * @param {string} name
 * @param {T[]} allowed
 */
function validateOneOf(value, name, allowed) {
  if (allowed.includes(value)) return;
  const names = allowed.map((each) => `'${each}'`).join(', ');
  throw new ERR_INVALID_ARG_VALUE(name, value, `must be one of: ${names}`);
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function readBytes(value, name) {
  if (!isUint8Array(value)) {
    throw new ERR_INVALID_ARG_TYPE(name, ['Buffer', 'Uint8Array'], value);
  }
  return Buffer.from(value);
}

/**
 * Returns the texts of an object that are there.
 *
 * @param {Members} object
 * @param {string} owner
 * @param {string[]} names
 */
function readTexts(object, owner, names) {
  const given = names.filter((name) => object[name] !== undefined);
  return Object.fromEntries(
    given.map((name) => {
      validateString(object[name], `${owner}.${name}`);
      return [name, object[name]];
    }),
  );
}

/**
 * @param {Members} end
 * @param {string} name
 */
function readEnd(end, name) {
  validateObject(end, name);
  const { address, path, port } = end;
  if (path !== undefined) {
    validateString(path, `${name}.path`);
    return { path };
  }
  if (!isIP(address)) throw new ERR_INVALID_IP_ADDRESS(address);
  return { address, port: validatePort(port, `${name}.port`) };
}

/**
 * @param {unknown} tlvs
 * @param {string} owner
 */
function readTlvs(tlvs, owner) {
  const all = tlvs ?? [];
  validateArray(all, owner);
  return /** @type {Members[]} */ (all).map((tlv, i) => {
    const name = `${owner}[${i}]`;
    validateObject(tlv, name);
    validateInt32(tlv.type, `${name}.type`, 0, 255);
    return { type: tlv.type, value: readBytes(tlv.value, `${name}.value`) };
  });
}

/**
 * @param {Members} ssl
 * @param {string} owner
 */
function readSsl(ssl, owner) {
  validateObject(ssl, owner);
  const { client = 1, verify = 0, tlvs } = ssl;
  validateInt32(client, `${owner}.client`, 0, 255);
  validateUint32(verify, `${owner}.verify`);
  return {
    client,
    verify,
    ...readTexts(ssl, owner, kSslTexts),
    tlvs: readTlvs(tlvs, `${owner}.tlvs`),
  };
}

/**
 * Returns both ends of the client's connection; neither where it is unknown.
 *
 * @param {Members} header
 * @param {string} owner
 */
function readEnds({ source, destination }, owner) {
  if (source === undefined && destination === undefined) return {};
  return {
    source: readEnd(source, `${owner}.source`),
    destination: readEnd(destination, `${owner}.destination`),
  };
}

/**
 * Returns what is to be written, with all members that have a default.
 *
 * @param {Members} header
 * @param {string} owner what errors call it
 */
function readHeader(header, owner) {
  validateObject(header, owner);
  const { version = 2, command = 'PROXY', checksum = false } = header;
  const ends = readEnds(header, owner);
  const { transport = ends.source ? 'stream' : 'unknown' } = header;
  validateOneOf(version, `${owner}.version`, [1, 2]);
  validateOneOf(command, `${owner}.command`, kCommands);
  validateOneOf(transport, `${owner}.transport`, kTransports);
  validateBoolean(checksum, `${owner}.checksum`);
  const { uniqueId, ssl } = header;
  return {
    version,
    command,
    transport,
    checksum,
    ...ends,
    ...readTexts(header, owner, ['alpn', 'authority', 'netns']),
    ...(uniqueId !== undefined && {
      uniqueId: readBytes(uniqueId, `${owner}.uniqueId`),
    }),
    ...(ssl !== undefined && { ssl: readSsl(ssl, `${owner}.ssl`) }),
    tlvs: readTlvs(header.tlvs, `${owner}.tlvs`),
  };
}

/**
 * Returns the bytes of the option `proxyHeader`.
 *
 * @param {Members} options those of `connect`
 * @returns {Buffer | undefined} undefined without the option
 * @throws {Error} ERR_INVALID_ARG_TYPE and its siblings for what is no header
 */
function readProxyHeader({ proxyHeader }) {
  if (proxyHeader === undefined) return undefined;
  const name = 'options.proxyHeader';
  const bytes = encodeProxyHeader(readHeader(proxyHeader, name));
  if (bytes !== null) return bytes;
  throw new ERR_INVALID_ARG_VALUE(name, proxyHeader, 'cannot be written');
}

module.exports = { readProxyHeader };
