'use strict';

/*
 * The RUST_NET_* environment variables. All are read and checked here.
 */

const PREFIX = 'RUST_NET_';
const MOST_BUSY_POLL = 1000;

const either = (...values) => ({
  takes: values.join(' or '),
  allows: (value) => values.includes(value),
});

const switches = {
  RUST_NET_AUTO_SELECT_FAMILY: either('0', '1', 'parallel'),
  RUST_NET_BINARY: { takes: 'a path', allows: () => true },
  RUST_NET_BUSY_POLL: {
    takes: `microseconds, 0 to ${MOST_BUSY_POLL}`,
    allows: (value) => /^\d+$/.test(value) && Number(value) <= MOST_BUSY_POLL,
  },
  RUST_NET_COALESCE: either('0', '1'),
  RUST_NET_COPY_WRITES: either('0', '1'),
  RUST_NET_DEBUG: either('0', '1'),
  RUST_NET_DRIVER: either('on-loop', 'threaded', 'auto'),
  RUST_NET_HAND_OVER: either('0', '1'),
  RUST_NET_HTTP: either('0', '1'),
  RUST_NET_OFFLOAD: either('0', '1'),
  RUST_NET_REGISTER: either('off', 'strict'),
  RUST_NET_RELAY: either('0', '1'),
  RUST_NET_STATS: either('0', '1'),
  RUST_NET_TRACE: either('0', '1'),
};

let hasWarned = false;

// An empty value counts as not set.
const valueOf = (name) => process.env[name] || undefined;

/**
 * Returns the addon's file that RUST_NET_BINARY names.
 *
 * @returns {string | undefined}
 */
const binaryPath = () => valueOf('RUST_NET_BINARY');

/**
 * Returns true when `rust-net/register` must do nothing.
 *
 * @returns {boolean}
 */
const isRegisterOff = () => valueOf('RUST_NET_REGISTER') === 'off';

/**
 * Returns true when `rust-net/register` puts node:http on rust-net's sockets.
 *
 * @returns {boolean}
 */
const isHttpOn = () => valueOf('RUST_NET_HTTP') !== '0';

/**
 * Returns true when `rust-net/register` must throw where it cannot work.
 *
 * @returns {boolean}
 */
const isRegisterStrict = () => valueOf('RUST_NET_REGISTER') === 'strict';

/**
 * Returns true when data that waits to be sent is copied.
 *
 * @returns {boolean}
 */
const copiesWrites = () => valueOf('RUST_NET_COPY_WRITES') === '1';

/**
 * Returns true when pipe() may relay bytes between sockets without JavaScript.
 *
 * @returns {boolean}
 */
const relays = () => valueOf('RUST_NET_RELAY') !== '0';

/**
 * Returns true when each thread prints its counters at its end.
 *
 * @returns {boolean}
 */
const printsStats = () => valueOf('RUST_NET_STATS') === '1';

/**
 * Returns true when node's tls may get the connections beneath it.
 *
 * @returns {boolean}
 */
const handsOver = () => valueOf('RUST_NET_HAND_OVER') !== '0';

/**
 * Returns whether `connect` races the addresses of a host by default.
 *
 * @returns {boolean | 'parallel' | undefined} undefined where node's default holds
 */
function autoSelectsFamily() {
  const value = valueOf('RUST_NET_AUTO_SELECT_FAMILY');
  if (value === 'parallel') return value;
  return value === '0' || value === '1' ? value === '1' : undefined;
}

/**
 * Returns true when the error of a socket says where the socket was created.
 *
 * @returns {boolean}
 */
const traces = () => valueOf('RUST_NET_TRACE') === '1';

function busyPoll() {
  const microseconds = Math.trunc(Number(valueOf('RUST_NET_BUSY_POLL')));
  return microseconds > 0 ? Math.min(microseconds, MOST_BUSY_POLL) : 0;
}

/**
 * Returns the settings that the native environment is opened with.
 *
 * @returns {{ driver: string, coalesce: boolean, offload: boolean, busyPoll: number,
 *   debug: boolean }} `busyPoll` in microseconds, 0 to 1000
 */
function nativeSettings() {
  return {
    driver: valueOf('RUST_NET_DRIVER') ?? 'auto',
    coalesce: valueOf('RUST_NET_COALESCE') !== '0',
    offload: valueOf('RUST_NET_OFFLOAD') === '1',
    busyPoll: busyPoll(),
    debug: valueOf('RUST_NET_DEBUG') === '1',
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
 * Lists the RUST_NET_* variables that are set, by name.
 *
 * @returns {{ name: string, value: string, objection: string | undefined }[]}
 *   `objection` says what is wrong with the variable, if anything
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

/**
 * Warns about variables that have no effect, once in a process.
 *
 * @param {() => boolean} isMainThread is called only if there is something to warn of
 */
function warnOfSettings(isMainThread) {
  if (hasWarned) return;
  hasWarned = true;
  const wrong = checkSettings().filter(
    ({ objection }) => objection !== undefined,
  );
  // Workers share the main thread's environment, which was already checked.
  if (wrong.length === 0 || !isMainThread()) return;
  for (const { objection } of wrong) {
    process.emitWarning(/** @type {string} */ (objection), {
      code: 'RUST_NET_SETTING',
    });
  }
}

module.exports = {
  autoSelectsFamily,
  binaryPath,
  checkSettings,
  copiesWrites,
  handsOver,
  isHttpOn,
  isRegisterOff,
  isRegisterStrict,
  nativeSettings,
  printsStats,
  relays,
  traces,
  warnOfSettings,
};
