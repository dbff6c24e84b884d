'use strict';

/*
 * Node's functions in C++ that take a handle, and that programs reach by
 * `process.binding`. They crash with any object that is not a handle of node's own.
 */

const { codes } = require('../common/errors');
const { imitate } = require('./imitate');
const { functionOf, internal } = require('./internals');

const { ERR_INVALID_ARG_VALUE } = codes;

/**
 * @typedef {Record<PropertyKey, any>} Members an object by its members' names
 * @typedef {object} Taker a function of a binding that takes handles
 * @property {(binding: Members) => Members} owner
 * @property {string} name
 * @property {(args: Members[]) => unknown[]} handlesOf
 */

const bindingOf = internal(
  'process.binding',
  "functions of node's bindings crash with one of rust-net's handles",
  () => functionOf(Reflect.get(process, 'binding')),
);

/** @type {Record<string, Taker>} by the names of the bindings */
const takers = {
  tls_wrap: {
    owner: (binding) => binding,
    name: 'wrap',
    handlesOf: ([handle]) => [handle],
  },
  process_wrap: {
    owner: (binding) => binding.Process.prototype,
    name: 'spawn',
    // Since Node 24 there are arguments instead of options.
    handlesOf: ([options, , , , stdio = options?.stdio]) =>
      Array.from(stdio ?? [], (each) => each?.handle),
  },
};

/**
 * Makes a function throw for handles of rust-net.
 *
 * @param {Members} binding
 * @param {Taker} taker
 * @param {(handle: unknown) => boolean} isOwn
 */
function guard(binding, { owner: ownerOf, name, handlesOf }, isOwn) {
  const owner = ownerOf(binding);
  const original = owner[name];
  /** @this {unknown} */
  function guarded(/** @type {Members[]} */ ...args) {
    const own = handlesOf(args).find(isOwn);
    if (own === undefined) return Reflect.apply(original, this, args);
    throw new ERR_INVALID_ARG_VALUE(
      'handle',
      own,
      "must be a handle of node's",
    );
  }
  owner[name] = imitate(guarded, original);
}

/**
 * Makes those functions throw for handles of rust-net.
 *
 * @param {(handle: unknown) => boolean} isOwn
 * @param {() => void} onLoad called when a program has asked for a binding
 */
function guardBindings(isOwn, onLoad) {
  const original = bindingOf();
  if (original === undefined) return;
  const guarded = new Set();
  /** @this {unknown} */
  function binding(/** @type {string[]} */ ...args) {
    const found = Reflect.apply(original, this, args);
    const [name] = args;
    onLoad();
    if (!Object.hasOwn(takers, name) || guarded.has(name)) return found;
    guarded.add(name);
    guard(found, takers[name], isOwn);
    return found;
  }
  Reflect.set(process, 'binding', imitate(binding, original));
}

module.exports = { guardBindings };
