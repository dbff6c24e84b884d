'use strict';

/*
 * Compares two records in the fields that must be the same.
 */

const MEGABYTE = 2 ** 20;
/** Uploads of this many bytes take more than one read. */
const LONG = 65_536;

/** Entries of a log about the sending side of an end. */
const ofWriting = /^(write|burst|cork|chain|end \d|end [a-z]|finish|drain)/;

/** Returns the number of a connection, which both its ends share. */
const numberOf = (id) => /\d+/.exec(id)[0];

/** Returns how the chains of an end finished: completely, or cut off. */
const chainsOf = ({ log }) =>
  log.filter((entry) => /^chain .* ran /.test(entry)).sort();

/**
 * Returns the connections with unsent bytes when nothing moves any more. How
 * many bytes the kernel took is left to chance: it has more room for the bytes
 * of few writes.
 *
 * @param {any[]} records
 * @param {Set<string>} cut receives the connections whose chains differ by
 *   chance
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
    // How far a chain gets before its timer is also left to chance.
    const isTimed = [...ran].some((text) => text.includes('to its timer'));
    const isChance = isTimed || jammed.has(numberOf(id));
    if (ran.size > 1 && isChance) cut.add(numberOf(id));
    else if (isTimed) jammed.add(numberOf(id));
  }
  return jammed;
}

/**
 * Returns what is compared loosely. Where a socket was exchanged for another,
 * only the connection is compared. If that is also cut off, the moment may
 * differ.
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

/**
 * Returns what one end has sent and the other received, or only the missing
 * bytes.
 */
function transferOf({ got, sent }, other, isJammed) {
  if (!isJammed) return { got, sent };
  return { missing: (other?.sent ?? 0) - got };
}

/** Returns a log with one 'drain' for each series of them: how many is left to chance. */
const withFewDrains = (log) =>
  log.filter((entry, at) => entry !== 'drain' || log[at - 1] !== 'drain');

function fieldsOfEnd(end, transfer, { isMoved, isJammed }) {
  if (isMoved) return transfer;
  const entries = withoutPeer(end);
  const log = isJammed ? withFewDrains(entries) : entries;
  return {
    ...{ ...transfer, log },
    in: log.filter((entry) => !ofWriting.test(entry)),
    out: log.filter(
      (entry) => ofWriting.test(entry) || /^(err|clo)/.test(entry),
    ),
  };
}

/** How much a stopped reader has read ahead is left to chance. */
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
  // A pipe to a socket that closes first stops the flow, as does an `onread` that
  // refuses after so many reads.
  if (state.destroyed || isJammed) for (const key of ofFlow) delete others[key];
  return others;
}

/**
 * Returns a server's fields. It no longer counts a socket that was moved away: so it may
 * be closed before another `close()`, which emits 'close' once more.
 */
function serverFields({ log, connections }, hasLost) {
  if (!hasLost) return { log, connections };
  const others = log
    .filter((entry) => !entry.startsWith('counted'))
    .filter((entry, at) => entry !== 'close' || log.indexOf(entry) === at)
    .sort();
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
    const how = { isMoved: moved.has(id), isJammed };
    addFields(fields, id, fieldsOfEnd(end, transfer, how));
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

/** By record: its fields for one choice of what is compared loosely. */
const cache = new WeakMap();

/** Returns the fields of a record, which is compared several times. */
function cachedFields(record, loose) {
  const key = JSON.stringify(
    Object.values(loose).map((set) => [...set].sort()),
  );
  const kept = cache.get(record);
  if (kept?.key === key) return kept.fields;
  const fields = fieldsOf(record, loose);
  cache.set(record, { key, fields });
  return fields;
}

/** Returns the average number of bytes that accepted ends received. */
function receivedEach({ ends }) {
  const peers = Object.keys(ends).filter((id) => id.startsWith('peer'));
  const bytes = peers.reduce((sum, id) => sum + ends[id].got, 0);
  return bytes / Math.max(1, peers.length);
}

const withoutNumbers = (text) => text.replace(/\d+/g, 'n');

/**
 * Returns defects that need no comparison, or that are compared within bounds.
 */
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
  // A listener keeps few clients with much data open at a time.
  const isLong = receivedEach(record) >= LONG;
  for (const [index, { peak }] of isLong ? record.servers.entries() : []) {
    const usual = most(({ servers }) => servers[index]?.peak ?? 0);
    if (peak > 3 * usual + 4) faults.push(['peak', `${peak} open, ${usual}`]);
  }
  return faults.map(([path, actual]) => ({ path, expected: ['none'], actual }));
}

/**
 * @param {string} [text] of a field
 * @returns {string[]} its entries; none if it is not a list
 */
function entriesOf(text) {
  return text?.startsWith('[') ? JSON.parse(text) : [];
}

/** Returns a list's pairs of different neighbours, in their order. */
function neighboursIn(list) {
  return list.slice(1).map((entry, i) => [list[i], entry]);
}

/** True when a list has one entry before the other somewhere. */
function hasInOrder(list, [first, second]) {
  const at = list.indexOf(first);
  return at >= 0 && list.lastIndexOf(second) > at;
}

/** Byte counts. What a reset leaves of the bytes under way is not in node's hands. */
const ofBytes = /\.(got|bytesRead|readableLength)$/;

/** Returns the plan of an end. */
function planOf(program, id) {
  const { client, peer } = program.connections[numberOf(id)] ?? {};
  return id.startsWith('client') ? client : peer;
}

/** True for a plan that stops after some bytes: how many come at once is left to chance. */
function stopsWithin(plan) {
  const stops = /"op":"(destroy|destroySoon|resetAndDestroy)"/;
  const rules = plan?.rules.filter(({ on }) => on === 'bytes') ?? [];
  return rules.some((rule) => stops.test(JSON.stringify(rule.do)));
}

/**
 * Returns true for a number of bytes at an end that was cut off, where node differs from
 * itself, where the end stops itself within the bytes, or where more arrived than node has
 * received. `violation` and `hung` see to bytes that must arrive, and that must not.
 */
function isCutCount(path, actual, values, { ends, program }) {
  const id = /(client|peer)[\d.]*\d/.exec(path)?.[0];
  if (!ofBytes.test(path) || !ends[id]) return false;
  const { isAbrupt, log } = ends[id];
  const isMore = values.every((value) => Number(actual) > Number(value));
  if (isMore && log.includes('close true')) return true;
  // Its own mistake has stopped it.
  if (log.some((entry) => /^error .*WRITE_AFTER_END/.test(entry))) return true;
  if (!isAbrupt) return false;
  return isMore || values.length > 1 || stopsWithin(planOf(program, id));
}

/**
 * Returns a log without the peer's address where the connection may be over by then, by a
 * reset or an end from both sides: the kernel forgets it when the peer's part arrives.
 */
function withoutPeer({ log, isAbrupt }) {
  const from = isAbrupt
    ? 0
    : log.findIndex((entry) => /^(end|finish)$/.test(entry));
  if (from < 0) return log;
  return log.map((entry, at) =>
    at < from ? entry : entry.replace(/^(probe .*?)(,[^,]*){3}\]$/, '$1]'),
  );
}

/**
 * Returns true for a list in which node differs from itself, and that is put together
 * from its runs: the entries are those of one run, and the order of each two neighbours
 * that of one.
 *
 * @param {string} [actual] the text of a field
 * @param {string[]} values the texts that node has given
 */
function isMixture(actual, values) {
  if (values.length < 2 || !actual?.startsWith('[')) return false;
  const list = entriesOf(actual);
  const lists = values.map(entriesOf);
  const sorted = String([...list].sort());
  return (
    lists.some((one) => String([...one].sort()) === sorted) &&
    neighboursIn(list).every((pair) =>
      lists.some((one) => hasInOrder(one, pair)),
    )
  );
}

/**
 * @param {{ record?: any, crash?: string }[]} expected node's runs
 * @param {{ record?: any, crash?: string }} actual
 * @param {any} program
 * @returns {{ path: string, expected: string[], actual: string }[]} the fields whose
 *   value none of node's runs has, and none explains
 */
function differences(expected, actual, program) {
  if (actual.crash) {
    return [{ path: 'crash', expected: ['none'], actual: actual.crash }];
  }
  const records = expected.map(({ record }) => record);
  const loose = looseIn([...records, actual.record]);
  const known = records.map((record) => cachedFields(record, loose));
  const fields = cachedFields(actual.record, loose);
  const found = faultsOf(actual.record, records);
  for (const path of new Set([...fields.keys(), ...known[0].keys()])) {
    const value = fields.get(path);
    if (known.some((one) => one.get(path) === value)) continue;
    const values = [...new Set(known.map((one) => String(one.get(path))))];
    if (isMixture(value, values)) continue;
    const { ends } = actual.record;
    if (isCutCount(path, value, values, { ends, program })) continue;
    found.push({ path, expected: values, actual: String(value) });
  }
  return found;
}

/** Returns the subjects of the entries where two lists first differ. */
function partingOf(expected, actual) {
  const [theirs, ours] = [entriesOf(expected), entriesOf(actual)];
  const at = theirs.findIndex((entry, i) => entry !== ours[i]);
  const place = at < 0 ? theirs.length : at;
  return [theirs, ours]
    .map((list) => String(list[place] ?? 'nothing').replace(/[ \d].*/, ''))
    .join('/');
}

/**
 * Returns the kind of a difference: the field without its end, and for a list
 * the entries where it differs.
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
