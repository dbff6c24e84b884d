'use strict';

/*
 * How rust-net loads its own files and node's modules: as node does by itself.
 * Monitoring hooks into `require`, tests mock modules and empty the cache. Most
 * of rust-net is loaded with the first socket, and that may be later; a mock of
 * a builtin does not reach node:net either.
 */

const Module = /** @type {any} */ (require('module'));
const path = require('path');

const lib = path.resolve(__dirname, '..') + path.sep;
const { _load: load } = Module;

/** Modules of this copy of rust-net, by their files. */
const own = Object.create(null);

/** Node's own `require`, without what was put around it. */
function plainRequire(id) {
  return load.call(Module, id, this, false);
}

const plain = { load, cache: own, require: plainRequire };

function current() {
  const { _load, _cache, prototype } = Module;
  return { load: _load, cache: _cache, require: prototype.require };
}

function use(loader) {
  Module._load = loader.load;
  Module._cache = loader.cache;
  Module.prototype.require = loader.require;
}

/**
 * Remembers which modules belong to this copy, as long as the cache has them. To
 * be called where a file that programs load has all that it requires at once.
 */
function keepLoaded() {
  const { _cache: cache } = Module;
  if (cache === own || cache[__filename] !== module) return;
  for (const name of Object.keys(cache)) {
    // One that is being loaded may yet fail.
    if (name.startsWith(lib) && cache[name].loaded) own[name] ??= cache[name];
  }
}

// The program's cache, where it still has this copy, stays complete: what it
// loads of rust-net next must not be loaded twice.
function share(cache) {
  if (cache === own || cache[__filename] !== module) return;
  for (const name of Object.keys(own)) cache[name] ??= own[name];
}

/**
 * Runs a `require` of rust-net's past all hooks, mocks and changes of the cache.
 *
 * @template T
 * @param {() => T} act only loads, and runs none of the program's code
 * @returns {T}
 */
function loadOwn(act) {
  const theirs = current();
  keepLoaded();
  use(plain);
  try {
    return act();
  } finally {
    use(theirs);
    share(theirs.cache);
  }
}

keepLoaded();

module.exports = { keepLoaded, loadOwn };
