'use strict';

/*
 * The native environment: its verbs, and the memory that it shares with
 * JavaScript. No other file loads the binding. The environment needs a few
 * descriptors, so it is opened with the first handle.
 */

const util = require('node:util');

const { loadBinary } = require('./binary');
const { nativeSettings } = require('../common/settings');

const binding = loadBinary();

/** libuv's error numbers, which are negative, by name, such as `UV_ECANCELED`. */
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

// Received bytes are copied out of this slab. The slab never leaves
// lib/handle/dispatch.js: native code writes to it, and it holds the data of
// other connections.
const slab = Buffer.allocUnsafeSlow(256 * 1024);

// Small writes and strings are put here; the native side reads them within the
// call.
const out = Buffer.allocUnsafeSlow(64 * 1024);

const settings = nativeSettings();
let dispatch = () => {};
let confirm = () => {};

/**
 * The verbs of src/binding/verbs.rs. Before the environment is open no handle
 * exists, so they return UV_EBADF. A handle that cannot be made has a negative
 * errno in place of a key.
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
 * @returns {number} 0, or a negative errno; the next call tries again
 * @throws {Error} when the chosen driver cannot run here
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

/**
 * Returns true when the environment is open.
 *
 * @returns {boolean}
 */
function isEnvironmentOpen() {
  return isOpen;
}

// True when this libuv pads abstract socket names with NULs, as it did up to 1.46.
// Both ends of a socket must use the same name.
function padsAbstractNames(version) {
  const [major, minor] = version.split('.').map(Number);
  return major === 1 && minor <= 46;
}

/**
 * Sets the function that is called when the ring holds events.
 *
 * @param {() => void} listener
 */
function onEvents(listener) {
  dispatch = listener;
}

/**
 * Sets the function that is called when the ring holds keys of relays to confirm.
 *
 * @param {() => void} listener
 */
function onConfirm(listener) {
  confirm = listener;
}

/**
 * Returns what a descriptor refers to.
 *
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
  decodeProxyHeader: binding.decodeProxyHeader,
  duplicate: binding.duplicate,
  encodeProxyHeader: binding.encodeProxyHeader,
  guessHandleType,
  isEnvironmentOpen,
  native,
  onEvents,
  onConfirm,
  openEnvironment,
  out,
  ring,
  seam,
  slab,
  uv,
  withdrawDescriptor: binding.withdrawDescriptor,
};
