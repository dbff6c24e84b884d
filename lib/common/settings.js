'use strict';

/*
 * The switches in the environment: all are read and checked here.
 */

const { isMainThread } = require('worker_threads');

const PREFIX = 'RUST_NET_';
const MOST_BUSY_POLL = 1000;

const either = (...values) => ({
  takes: values.join(' or '),
  allows: (value) => values.includes(value),
});

const switches = {
  RUST_NET_BINARY: { takes: 'a path', allows: () => true },
  RUST_NET_BUSY_POLL: {
    takes: `microseconds, 0 to ${MOST_BUSY_POLL}`,
    allows: (value) => /^\d+$/.test(value) && Number(value) <= MOST_BUSY_POLL,
  },
  RUST_NET_COALESCE: either('0', '1'),
  RUST_NET_COPY_WRITES: either('0', '1'),
  RUST_NET_DRIVER: either('on-loop', 'threaded', 'auto'),
  RUST_NET_OFFLOAD: either('0', '1'),
  RUST_NET_REGISTER: either('off'),
  RUST_NET_RELAY: either('0', '1'),
};

let hasWarned = false;

// Set to nothing is as good as not set.
const valueOf = (name) => process.env[name] || undefined;

/** @returns {string | undefined} the file to load */
const binaryPath = () => valueOf('RUST_NET_BINARY');

/** @returns {boolean} whether `rust-net/register` is to do nothing */
const isRegisterOff = () => valueOf('RUST_NET_REGISTER') === 'off';

/** @returns {boolean} whether what waits to be sent is copied */
const copiesWrites = () => valueOf('RUST_NET_COPY_WRITES') === '1';

/** @returns {boolean} whether bytes may go from socket to socket unseen */
const relays = () => valueOf('RUST_NET_RELAY') !== '0';

function busyPoll() {
  const microseconds = Math.trunc(Number(valueOf('RUST_NET_BUSY_POLL')));
  return microseconds > 0 ? Math.min(microseconds, MOST_BUSY_POLL) : 0;
}

/**
 * @returns {{ driver: string, coalesce: boolean, offload: boolean, busyPoll: number }}
 *   what the native environment is opened with; `busyPoll` in microseconds
 */
function nativeSettings() {
  return {
    driver: valueOf('RUST_NET_DRIVER') ?? 'auto',
    coalesce: valueOf('RUST_NET_COALESCE') !== '0',
    offload: valueOf('RUST_NET_OFFLOAD') === '1',
    busyPoll: busyPoll(),
  };
}

function objectionTo(name, value) {
  if (!Object.hasOwn(switches, name)) {
    return `${name} is not a setting of rust-net`;
  }
  const { takes, allows } = switches[name];
  if (allows(value)) return undefined;
  return `${name}=${value} is invalid; it must be ${takes}`;
}

/**
 * What is set, in the order of the names.
 *
 * @returns {{ name: string, value: string, objection: string | undefined }[]}
 *   `objection` says what is wrong with it
 */
function checkSettings() {
  const names = Object.keys(process.env).filter(
    (name) => name.startsWith(PREFIX) && valueOf(name) !== undefined,
  );
  return names.sort().map((name) => {
    const value = process.env[name] ?? '';
    return { name, value, objection: objectionTo(name, value) };
  });
}

/** Says once in a process what is set in vain, as warnings. */
function warnOfSettings() {
  // Workers have the environment of the main thread.
  if (hasWarned || !isMainThread) return;
  hasWarned = true;
  for (const { objection } of checkSettings()) {
    if (objection === undefined) continue;
    process.emitWarning(objection, { code: 'RUST_NET_SETTING' });
  }
}

module.exports = {
  binaryPath,
  checkSettings,
  copiesWrites,
  isRegisterOff,
  nativeSettings,
  relays,
  warnOfSettings,
};
