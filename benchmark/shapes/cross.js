'use strict';

/*
 * Rows from the product of all properties that a stream can have, picked by a
 * seed. They are not chosen by hand, so the code cannot be tuned for them.
 */

const { sequence } = require('../subjects/sequence');

const KIB = 1024;
const MIB = 1024 * KIB;

/** All values of each axis. */
const axes = {
  from: ['subject', 'peer'],
  listens: ['subject', 'peer'],
  transport: ['tcp', 'veth', 'unix'],
  connections: [1, 1000],
  writeApi: ['callback', 'drain', 'burst', 'cork'],
  kind: [
    'Buffer',
    'Uint8Array',
    'string',
    'ascii',
    'utf8',
    'latin1',
    'utf16le',
    'hex',
    'base64',
  ],
  // From 16 B to 4 MiB, by factors of four.
  size: Array.from({ length: 10 }, (_, i) => 16 * 4 ** i),
  readApi: [
    'data',
    'readable',
    'iterator',
    'onread',
    'onreadFunction',
    'setEncoding',
    'pause',
    'pipeline',
    'file',
  ],
  // The size of an `onread` buffer, in bytes.
  readSize: [KIB, 16 * KIB, 64 * KIB, MIB],
};

// About as many bytes as node:net moves in half a second.
const MOST_BYTES = 256 * MIB;
const MOST_WRITES = 300_000;
// The most bytes in flight at once; real programs hold no more in memory.
const MOST_AT_ONCE = 64 * MIB;
/** How many times fewer bytes a transport moves in that time. */
const slowness = { tcp: 1, unix: 1, veth: 4 };

/** Returns a point of the product if it is possible, else null. */
function check(point) {
  const { connections, listens, readApi, size } = point;
  if (size * connections > MOST_AT_ONCE) return null;
  if (point.from === 'subject') return point;
  // The subject reads.
  if (readApi.startsWith('onread') && listens === 'subject') return null;
  if (readApi === 'file' && connections > 1) return null;
  return point;
}

const text = (size) =>
  size % MIB === 0
    ? `${size / MIB} MiB`
    : size % KIB === 0
      ? `${size / KIB} KiB`
      : `${size} B`;

/** Returns a title: what the subject does, and how. */
function titleOf(point) {
  const { from, listens, transport, connections, size, readSize } = point;
  const isBuffer = point.readApi.startsWith('onread');
  const does =
    from === 'subject'
      ? `writes ${text(size)}, ${point.kind}, ${point.writeApi}`
      : `reads ${text(size)} writes by ${point.readApi}` +
        (isBuffer ? ` (${text(readSize)})` : '');
  const where = listens === 'subject' ? 'server' : 'client';
  return `${does}; ${connections} x ${transport}, ${where}`;
}

/**
 * Returns the row of a point. The peer reads by 'data', or writes Buffers by
 * 'drain'.
 */
function rowOf(point) {
  const { from, listens, transport, connections, size, readApi } = point;
  const writes = Math.max(
    1,
    Math.floor(
      Math.min(MOST_BYTES / slowness[transport] / size, MOST_WRITES) /
        connections,
    ),
  );
  const together = Math.max(1, Math.floor(MOST_AT_ONCE / size / connections));
  const title = titleOf(point);
  const isText = from === 'peer' && readApi === 'setEncoding';
  return {
    name: title.replace(/[^A-Za-z0-9]+/g, '-').replace(/-$/, ''),
    title,
    under: from === 'subject' ? 'writes' : 'reads',
    work: 'stream',
    from,
    listens,
    transport,
    connections,
    writes,
    write:
      from === 'subject'
        ? {
            api: point.writeApi,
            kind: point.kind,
            size,
            burst: Math.min(point.writeApi === 'cork' ? 50 : 400, together),
          }
        : { api: 'drain', kind: isText ? 'letters' : 'Buffer', size },
    read:
      from === 'subject'
        ? { api: 'data' }
        : { api: readApi, size: point.readSize },
  };
}

/**
 * @param {number} count of rows
 * @param {number} seed the same seed gives the same rows
 * @returns {any[]} different ones
 */
function crossRows(count, seed) {
  const next = sequence(seed);
  const rows = new Map();
  // The product is finite, so the search for rows not yet picked is bounded.
  for (let tries = 0; rows.size < count && tries < count * 1000; tries++) {
    const point = Object.fromEntries(
      Object.entries(axes).map(([name, values]) => [
        name,
        values[next(values.length)],
      ]),
    );
    if (!check(point)) continue;
    const row = rowOf(point);
    rows.set(row.name, row);
  }
  return [...rows.values()];
}

module.exports = { crossRows };
