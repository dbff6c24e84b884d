'use strict';

/*
 * The native environment: its verbs, and the memory that it shares with us. No
 * other file loads the binding. The environment takes some descriptors; it is
 * opened with the first handle.
 */

const util = require('node:util');

const { loadBinary } = require('./binary');
const { nativeSettings } = require('../common/settings');

const binding = loadBinary();

/** libuv's errors by name, `UV_ECANCELED` and so on: negative numbers. */
const uv = {};
for (const [errno, [name]] of util.getSystemErrorMap()) {
  uv[`UV_${name}`] = errno;
}

/**
 * The numbers that both halves must agree on, as src/binding/seam.rs has them.
 *
 * @type {{
 *   length: number, count: number, cursor: number, header: number,
 *   words: number, confirmed: number, nobody: number, readable: number,
 *   writable: number, smallWrite: number, kinds: Record<string, number>,
 * }}
 */
const seam = binding.seam();
const ring = new Int32Array(seam.length);

// Received bytes pass through this slab and are copied out of it: memory that
// native code writes to, and that holds other connections' data, never leaves
// lib/handle/dispatch.js.
const slab = Buffer.allocUnsafeSlow(256 * 1024);

// Small writes and strings are put here for the native side to read at once.
const out = Buffer.allocUnsafeSlow(64 * 1024);

const settings = nativeSettings();
let dispatch = () => {};
let confirm = () => {};

/**
 * The verbs of src/binding/verbs.rs. Until the environment is open there is no
 * handle that they could be for; one that cannot be made has the negative errno
 * in place of a key.
 *
 * @type {any}
 */
const native = {};
let isOpen = false;
for (const name of binding.verbNames()) native[name] = () => uv.UV_EBADF;
native.createTcp = () => openEnvironment() || native.createTcp();
native.createPipe = () => openEnvironment() || native.createPipe();

/**
 * Opens the environment, if it is not open.
 *
 * @returns {number} 0, or the negative errno that the system refuses with: it
 *   may be tried again
 * @throws {Error} where the chosen driver cannot run here
 */
function openEnvironment() {
  if (isOpen) return 0;
  const opened = binding.open(
    {
      ...settings,
      paddedNames: padsAbstractNames(process.versions.uv),
    },
    () => dispatch(),
    () => confirm(),
    ring,
    slab,
    out,
  );
  if (typeof opened === 'number') return opened;
  isOpen = true;
  Object.assign(native, opened);
  if (settings.coalesce) process.on('exit', () => native.stopDeferring());
  return 0;
}

// Both ends of an abstract socket must agree on its name: libuv filled it up
// with NULs until 1.46.
function padsAbstractNames(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 1 && minor <= 46;
}

/**
 * Says who is called when the ring holds events.
 *
 * @param {() => void} listener
 */
function onEvents(listener) {
  dispatch = listener;
}

/**
 * Says who is called when the ring holds the keys of relays to be confirmed.
 *
 * @param {() => void} listener
 */
function onQuestions(listener) {
  confirm = listener;
}

/**
 * What a descriptor refers to.
 * @param {number} fd
 * @returns {string} 'TCP', 'PIPE', 'FILE', 'TTY', 'UDP' or 'UNKNOWN'
 */
function guessHandleType(fd) {
  return binding.guessHandleType(fd);
}

module.exports = {
  NativeBlockList: binding.NativeBlockList,
  blockListHas: binding.blockListHas,
  blockListHasV4: binding.blockListHasV4,
  blockListHasV6: binding.blockListHasV6,
  canonicalAddress: binding.canonicalAddress,
  closeDescriptor: binding.closeDescriptor,
  duplicate: binding.duplicate,
  guessHandleType,
  native,
  onEvents,
  onQuestions,
  openEnvironment,
  out,
  ring,
  seam,
  slab,
  uv,
  withdrawDescriptor: binding.withdrawDescriptor,
};
