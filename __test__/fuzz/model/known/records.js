'use strict';

/*
 * What the intended differences read in the records of runs.
 */

/** Returns the number of an end; servers have none. */
const numberIn = (path) => /(?:client|peer)(\d+)/.exec(path)?.[1];

/** Makes a function of a record and a path compute once for each connection. */
function byConnection(compute) {
  const kept = new WeakMap();
  return (record, path) => {
    if (!record) return [];
    if (!kept.has(record)) kept.set(record, new Map());
    const results = kept.get(record);
    const number = numberIn(path);
    if (!results.has(number)) results.set(number, compute(record, number));
    return results.get(number);
  };
}

/** Returns the logs of both ends of the connection with the difference. */
const logsOf = byConnection(({ ends }, number) =>
  Object.entries(ends)
    .filter(([id]) => numberIn(id) === number)
    .map(([, { log }]) => log),
);

const has = (log, pattern) => log.some((entry) => pattern.test(entry));

/** Returns the errors of both ends, also those without a listener. */
const errorsOf = byConnection(({ states }, number) =>
  Object.values(states)
    .flatMap((phase) => Object.entries(phase))
    .filter(([id, { errored }]) => errored && numberIn(id) === number)
    .map(([, { errored }]) => errored),
);

/** Returns the logs of an end: ours, and node's. */
function logsOfEnd(path, { expected, actual }) {
  const id = /(?:client|peer)[\d.]*\d/.exec(path)?.[0] ?? '';
  const logOf = (record) => record?.ends[id]?.log ?? [];
  return { ours: logOf(actual), theirs: expected.map(logOf) };
}

/** Returns an end's error in the last state. */
const erroredOf = (record, id) => String(record.states.last?.[id]?.errored);

module.exports = {
  byConnection,
  erroredOf,
  errorsOf,
  has,
  logsOf,
  logsOfEnd,
  numberIn,
};
