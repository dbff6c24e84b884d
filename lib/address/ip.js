'use strict';

/*
 * What is an IP address, by node's grammar. In JavaScript, since a call into
 * Rust alone takes longer than reading an address here. A dotted quad is told
 * fastest by a regular expression; IPv6, and an address whose value is wanted,
 * is read by hand.
 */

const kDot = 0x2e;
const kColon = 0x3a;
const kZero = 0x30;

const kGroups = 8;
const kGroupDigits = 4;

// Which character codes are hexadecimal digits, and their value.
const hexValue = new Int8Array(128).fill(-1);
for (let n = 0; n < 16; n++) {
  hexValue[n.toString(16).charCodeAt(0)] = n;
  hexValue[n.toString(16).toUpperCase().charCodeAt(0)] = n;
}

const kOctet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const kQuad = new RegExp(`^(?:${kOctet}\\.){3}${kOctet}$`);
const kZone = /^[0-9a-zA-Z\-.:]+$/;

// The value of the address that was read last, for callers who want it: the
// readers themselves only return whether it is one.
const groups = new Uint16Array(kGroups);

/**
 * Reads the dotted quad that is all of `text` from `from` on, into the groups
 * `at` and `at + 1`.
 *
 * @param {string} text
 * @param {number} from
 * @param {number} to
 * @param {number} at
 * @returns {boolean} whether it is one
 */
function readQuad(text, from, to, at) {
  let dots = 0;
  let octet = -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = text.charCodeAt(i) - kZero;
    if (digit >= 0 && digit <= 9) {
      // A leading zero would make it octal to some readers.
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

// Moves the groups behind the double colon to the end, and fills with zeros.
function spread(count, gap) {
  const tail = count - gap;
  groups.copyWithin(kGroups - tail, gap, count);
  groups.fill(0, gap, kGroups - tail);
}

/**
 * Reads the IPv6 address, without a zone, that is `text` up to `to`.
 *
 * @param {string} text
 * @param {number} to
 * @returns {boolean} whether it is one
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
  spread(count, gap);
  return true;
}

/**
 * Reads an IPv4 address into the last two of `groups`.
 *
 * @param {string} text
 * @returns {boolean} whether it is one
 */
function readIPv4(text) {
  return readQuad(text, 0, text.length, kGroups - 2);
}

/**
 * Reads an IPv6 address that has no zone into `groups`.
 *
 * @param {string} text
 * @returns {boolean} whether it is one
 */
function readIPv6(text) {
  return text.length > 1 && readGroups(text, text.length);
}

function isIPv6Text(text) {
  // The shortest is '::'. Most of what is not an address is the name of a host.
  if (text.length < 2) return false;
  const zone = text.indexOf('%');
  if (zone === -1) return readGroups(text, text.length);
  return zone > 1 && kZone.test(text.slice(zone + 1)) && readGroups(text, zone);
}

/**
 * @param {string} s any other value is turned into a string first
 * @returns {boolean}
 */
function isIPv4(s) {
  return kQuad.test(s);
}

/**
 * @param {string} s any other value is turned into a string first
 * @returns {boolean}
 */
function isIPv6(s) {
  return isIPv6Text(typeof s === 'string' ? s : `${s}`);
}

/**
 * @param {string} s any other value is turned into a string first
 * @returns {4 | 6 | 0}
 */
function isIP(s) {
  if (kQuad.test(s)) return 4;
  return isIPv6(s) ? 6 : 0;
}

module.exports = { groups, isIP, isIPv4, isIPv6, readIPv4, readIPv6 };
