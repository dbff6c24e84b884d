'use strict';

/*
 * What of two records must be the same.
 */

const MEGABYTE = 2 ** 20;
/** An upload of more bytes takes more than one read. */
const LONG = 65_536;

/** Entries of a log that belong to what an end sends. */
const ofWriting = /^(write|burst|cork|chain|end \d|end [a-z]|finish|drain)/;

/** The ends of a connection have a number in common. */
const numberOf = (id) => /\d+/.exec(id)[0];

/** How the chains of an end went: to their end, or cut. */
const chainsOf = ({ log }) =>
  log.filter((entry) => /^chain .* ran /.test(entry)).sort();

/**
 * The connections on which bytes wait when nothing moves any more. How many the
 * kernel has taken is chance: it has more room for the bytes of few writes.
 *
 * @param {any[]} records
 * @param {Set<string>} cut gets those with a chain that had room to its end
 * @returns {Set<string>}
 */
function jammedIn(records, cut) {
  const jammed = new Set();
  const chains = new Map();
  for (const { ends, states } of records) {
    for (const [id, state] of Object.entries(states.still ?? {})) {
      if (state.writableLength > 0) jammed.add(numberOf(id));
    }
    for (const [id, end] of Object.entries(ends)) {
      const ran = chains.get(id) ?? new Set();
      chains.set(id, ran.add(chainsOf(end).join()));
    }
  }
  for (const [id, ran] of chains) {
    // How far a chain comes before its timer is chance, too.
    const isTimed = [...ran].some((text) => text.includes('to its timer'));
    const isChance = isTimed || jammed.has(numberOf(id));
    if (ran.size > 1 && isChance) cut.add(numberOf(id));
  }
  return jammed;
}

/**
 * What is compared loosely. Where a socket has been exchanged for another, what
 * is seen is the connection. One that is cut besides may be cut earlier or later.
 *
 * @param {any[]} records
 * @returns {{ moved: Set<string>, cut: Set<string>, jammed: Set<string> }} ends,
 *   and connections
 */
function looseIn(records) {
  const moved = new Set();
  const cut = new Set();
  for (const { ends } of records) {
    for (const [id, { moves, isAbrupt }] of Object.entries(ends)) {
      if (moves === 0) continue;
      moved.add(id);
      if (isAbrupt) cut.add(numberOf(id));
    }
  }
  return { moved, cut, jammed: jammedIn(records, cut) };
}

/** What has gone from one end to the other, or what of it has not come. */
function transferOf({ got, sent }, other, isJammed) {
  if (!isJammed) return { got, sent };
  return { missing: (other?.sent ?? 0) - got };
}

function fieldsOfEnd({ log }, transfer, isMoved) {
  if (isMoved) return transfer;
  return {
    ...{ ...transfer, log },
    in: log.filter((entry) => !ofWriting.test(entry)),
    out: log.filter(
      (entry) => ofWriting.test(entry) || /^(err|clo)/.test(entry),
    ),
  };
}

/** How much a reader that stands still has taken in is chance. */
const ofReading = ['readableLength', 'bytesRead'];
const ofFlow = ['readableFlowing', 'isPaused'];
const ofRoom = [
  ...['writableLength', 'bytesWritten', 'writableNeedDrain'],
  'writableFinished',
];

function stateFields(state, isJammed) {
  const others = { ...state };
  const isStill = state.readableFlowing !== true && !state.readableEnded;
  if (isStill || isJammed) for (const key of ofReading) delete others[key];
  if (isJammed) for (const key of ofRoom) delete others[key];
  // A pipe to a socket that closes first stops what does not flow any more.
  if (state.destroyed) for (const key of ofFlow) delete others[key];
  return others;
}

/** A server does not know any more of a socket that was taken from it. */
function serverFields({ log, connections }, hasLost) {
  if (!hasLost) return { log, connections };
  const others = log.filter((entry) => !entry.startsWith('counted')).sort();
  return { log: others, connections };
}

function addFields(fields, prefix, values) {
  for (const [key, value] of Object.entries(values)) {
    fields.set(`${prefix}.${key}`, JSON.stringify(value));
  }
}

/**
 * @param {any} record
 * @param {ReturnType<typeof looseIn>} loose
 * @returns {Map<string, string>} its fields by path
 */
function fieldsOf(record, { moved, cut, jammed }) {
  const fields = new Map();
  const otherOf = (id) =>
    Object.entries(record.ends).find(
      ([one]) => one !== id && numberOf(one) === numberOf(id),
    )?.[1];
  for (const [id, end] of Object.entries(record.ends)) {
    if (cut.has(numberOf(id))) continue;
    const isJammed = jammed.has(numberOf(id));
    const transfer = transferOf(end, otherOf(id), isJammed);
    addFields(fields, id, fieldsOfEnd(end, transfer, moved.has(id)));
  }
  for (const [phase, states] of Object.entries(record.states)) {
    for (const [id, state] of Object.entries(states)) {
      if (moved.has(id) || cut.has(numberOf(id))) continue;
      const isJammed = jammed.has(numberOf(id));
      addFields(fields, `${phase} ${id}`, stateFields(state, isJammed));
    }
  }
  const hasLost = [...moved].some((id) => id.startsWith('peer'));
  for (const [index, server] of record.servers.entries()) {
    addFields(fields, `server${index}`, serverFields(server, hasLost));
  }
  const { strays, closings, uncaught } = record;
  addFields(fields, 'all', { strays, closings, uncaught });
  return fields;
}

/** What the accepted ends have received on average. */
function receivedEach({ ends }) {
  const peers = Object.keys(ends).filter((id) => id.startsWith('peer'));
  const bytes = peers.reduce((sum, id) => sum + ends[id].got, 0);
  return bytes / Math.max(1, peers.length);
}

const withoutNumbers = (text) => text.replace(/\d+/g, 'n');

/** What is bad enough without a comparison, or is compared in bounds. */
function faultsOf(record, others) {
  const nodes = others.flatMap(({ violations }) =>
    violations.map(withoutNumbers),
  );
  const faults = record.violations
    .filter((text) => !nodes.includes(withoutNumbers(text)))
    .map((text) => ['violation', text]);
  const hung = new Set(others.flatMap((one) => one.hung));
  for (const text of new Set(record.hung)) {
    if (!hung.has(text)) faults.push(['hung', text]);
  }
  const most = (pick) => Math.max(...others.map(pick));
  if (record.leak > most(({ leak }) => leak)) {
    faults.push(['leak', `${record.leak} descriptors`]);
  }
  const bound = 1.5 * most(({ memory }) => memory) + 24 * MEGABYTE;
  if (record.memory > bound) {
    faults.push(['memory', `${Math.round(record.memory / MEGABYTE)} MiB`]);
  }
  // Of those that have much to say, a listener keeps few at a time.
  const isLong = receivedEach(record) >= LONG;
  for (const [index, { peak }] of isLong ? record.servers.entries() : []) {
    const usual = most(({ servers }) => servers[index]?.peak ?? 0);
    if (peak > 3 * usual + 4) faults.push(['peak', `${peak} open, ${usual}`]);
  }
  return faults.map(([path, actual]) => ({ path, expected: ['none'], actual }));
}

/**
 * @param {{ record?: any, crash?: string }[]} expected node's runs
 * @param {{ record?: any, crash?: string }} actual
 * @returns {{ path: string, expected: string[], actual: string }[]} a field in
 *   which node differs from itself is left out
 */
function differences(expected, actual) {
  if (actual.crash) {
    return [{ path: 'crash', expected: ['none'], actual: actual.crash }];
  }
  const records = expected.map(({ record }) => record);
  const loose = looseIn([...records, actual.record]);
  const known = records.map((record) => fieldsOf(record, loose));
  const fields = fieldsOf(actual.record, loose);
  const found = faultsOf(actual.record, records);
  for (const path of new Set([...fields.keys(), ...known[0].keys()])) {
    const values = new Set(known.map((one) => one.get(path)));
    const value = fields.get(path);
    if (values.size > 1 || values.has(value)) continue;
    found.push({
      path,
      expected: [...values].map(String),
      actual: String(value),
    });
  }
  return found;
}

/**
 * @param {string} [text] of a field
 * @returns {string[]} its entries, or none where it is no list
 */
function entriesOf(text) {
  return text?.startsWith('[') ? JSON.parse(text) : [];
}

/** What stands where two lists part: of each entry what it is about. */
function partingOf(expected, actual) {
  const [theirs, ours] = [entriesOf(expected), entriesOf(actual)];
  const at = theirs.findIndex((entry, i) => entry !== ours[i]);
  const place = at < 0 ? theirs.length : at;
  return [theirs, ours]
    .map((list) => String(list[place] ?? 'nothing').replace(/[ \d].*/, ''))
    .join('/');
}

/**
 * The sort of a difference: the field without the end it belongs to, and of a
 * list how it parts.
 *
 * @param {{ path: string, expected: string[], actual: string }} difference
 * @returns {string}
 */
function kindOf({ path, expected, actual }) {
  const field = path.replace(/(client|peer|server)\d+(\.\d+(?=\.))?/, '$1');
  const isList = /(log|in|out)$/.test(field);
  return isList ? `${field} ${partingOf(expected[0], actual)}` : field;
}

module.exports = { differences, entriesOf, kindOf };
