'use strict';

/*
 * The bytes that the soak sends. Which byte is at an offset depends on the flow, so
 * that a byte that is lost, doubled or another connection's is noticed. A flow is one
 * direction of a connection.
 */

const { numbersFrom } = require('../../helpers/numbers');

/** A prime: no usual size of a read is a multiple of it. */
const PERIOD = 65_521;

const below = numbersFrom(PERIOD);
const once = Buffer.from(Array.from({ length: PERIOD }, () => below(256)));
const block = Buffer.concat([once, once]);

const placeOf = (flow, offset) => (flow * 7919 + offset) % PERIOD;

/**
 * Returns bytes of a flow. They share memory with other flows: do not change them.
 *
 * @param {number} flow
 * @param {number} offset
 * @param {number} size at most PERIOD
 */
function bytesAt(flow, offset, size) {
  const place = placeOf(flow, offset);
  return block.subarray(place, place + size);
}

/**
 * Returns true if a flow has exactly these bytes at the offset.
 *
 * @param {number} flow
 * @param {number} offset
 * @param {Uint8Array} bytes
 */
function isAt(flow, offset, bytes) {
  for (let at = 0; at < bytes.length; at += PERIOD) {
    const piece = bytes.subarray(at, at + PERIOD);
    const expected = bytesAt(flow, offset + at, piece.length);
    if (expected.compare(piece) !== 0) return false;
  }
  return true;
}

module.exports = { PERIOD, bytesAt, isAt };
