'use strict';

/*
 * Parses IP addresses by node's grammar. It is written in JavaScript, because a
 * call into Rust takes longer than the parsing. For a dotted quad without its
 * value a regular expression is fastest; everything else is parsed by hand.
 */

const kDot = 0x2e;
const kColon = 0x3a;
const kZero = 0x30;

const kGroups = 8;
const kGroupDigits = 4;

// The value of each hexadecimal digit by character code; -1 for other characters.
const hexValue = new Int8Array(128).fill(-1);
for (let n = 0; n < 16; n++) {
  hexValue[n.toString(16).charCodeAt(0)] = n;
  hexValue[n.toString(16).toUpperCase().charCodeAt(0)] = n;
}

const kOctet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const kQuad = new RegExp(`^(?:${kOctet}\\.){3}${kOctet}$`);
const kZone = /^[0-9a-zA-Z\-.:]+$/;

// The value of the last address that was read. The readers themselves only return
// true or false.
const groups = new Uint16Array(kGroups);

/**
 * Reads a dotted quad from `from` to `to` into the groups `at` and `at + 1`.
 *
 * @param {string} text
 * @param {number} from
 * @param {number} to
 * @param {number} at
 * @returns {boolean} false if the text is not a dotted quad
 */
function readQuad(text, from, to, at) {
  let dots = 0;
  let octet = -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - kZero;
    if (digit >= 0 && digit <= 9) {
      // Leading zeros are invalid: some parsers take such numbers for octal.
      if (octet === 0) return false;
      octet = octet === -1 ? digit : octet * 10 + digit;
      if (octet > 255) return false;
    } else {
      if (digit !== kDot - kZero || octet === -1 || ++dots > 3) return false;
      value = (value << 8) | octet;
      octet = -1;
    }
  }
  if (dots !== 3 || octet === -1) return false;
  groups[at] = value >>> 8;
  groups[at + 1] = (value << 8) | octet;
  return true;
}

// Moves the groups after the double colon to the end, and fills the gap with zeros.
function expandGap(count, gap) {
  const tail = count - gap;
  groups.copyWithin(kGroups - tail, gap, count);
  groups.fill(0, gap, kGroups - tail);
}

/**
 * Reads an IPv6 address without a zone: `text` up to `to`.
 *
 * @param {string} text
 * @param {number} to
 * @returns {boolean} false if it is not an address
 */
function readGroups(text, to) {
  let count = 0;
  let gap = -1;
  let i = 0;
  if (text.charCodeAt(0) === kColon) {
    if (text.charCodeAt(1) !== kColon) return false;
    gap = 0;
    i = 2;
  }
  while (i < to) {
    const from = i;
    let value = 0;
    let code = 0;
    for (; i < to; i++) {
      code = text.charCodeAt(i);
      const digit = code < 128 ? hexValue[code] : -1;
      if (digit === -1) break;
      if (i - from === kGroupDigits) return false;
      value = (value << 4) | digit;
    }
    if (i < to && code === kDot) {
      if (count > kGroups - 2 || !readQuad(text, from, to, count)) return false;
      count += 2;
      break;
    }
    if (i === from || count === kGroups) return false;
    groups[count++] = value;
    if (i === to) break;
    if (code !== kColon || ++i === to) return false;
    if (text.charCodeAt(i) === kColon) {
      if (gap !== -1) return false;
      gap = count;
      i++;
    }
  }
  if (gap === -1) return count === kGroups;
  if (count === kGroups) return false;
  expandGap(count, gap);
  return true;
}

/**
 * Reads an IPv4 address into the last two of `groups`.
 *
 * @param {string} text
 * @returns {boolean} false if it is not an address
 */
function readIPv4(text) {
  return readQuad(text, 0, text.length, kGroups - 2);
}

/**
 * Reads an IPv6 address without a zone into `groups`.
 *
 * @param {string} text
 * @returns {boolean} false if it is not an address, or has a zone
 */
function readIPv6(text) {
  return text.length > 1 && readGroups(text, text.length);
}

function isIPv6Text(text) {
  // The shortest address is '::'.
  if (text.length < 2) return false;
  const zone = text.indexOf('%');
  if (zone === -1) return readGroups(text, text.length);
  return zone > 1 && kZone.test(text.slice(zone + 1)) && readGroups(text, zone);
}

/**
 * Returns true for an IPv4 address.
 *
 * @param {string} s any other value is converted to a string
 * @returns {boolean}
 */
function isIPv4(s) {
  return kQuad.test(s);
}

/**
 * Returns true for an IPv6 address, with or without a zone.
 *
 * @param {string} s any other value is converted to a string
 * @returns {boolean}
 */
function isIPv6(s) {
  return isIPv6Text(typeof s === 'string' ? s : `${s}`);
}

/**
 * Returns the family of an IP address.
 *
 * @param {string} s any other value is converted to a string
 * @returns {4 | 6 | 0} 0 if it is not an address
 */
function isIP(s) {
  if (kQuad.test(s)) return 4;
  return isIPv6(s) ? 6 : 0;
}

module.exports = { groups, isIP, isIPv4, isIPv6, readIPv4, readIPv6 };
