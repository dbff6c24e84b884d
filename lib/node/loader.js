'use strict';

/*
 * Loads rust-net's own files and node's modules with node's original loader.
 * Monitoring agents hook `require`, and tests mock modules and empty the cache.
 * Most of rust-net is loaded with the first socket, which may be after that. Mocks
 * of builtin modules do not affect node:net either.
 */

const Module = /** @type {any} */ (require('module'));
const path = require('path');

const lib = path.resolve(__dirname, '..') + path.sep;
const { _load: load } = Module;

/** Modules of this copy of rust-net, by their files. */
const own = Object.create(null);

/**
 * Loads a module with node's own `require`, without wrappers.
 *
 * @this {{ filename?: string }} the module that requires it
 * @param {string} id
 */
function plainRequire(id) {
  const file = ownFile(id, this?.filename);
  if (file === undefined) return load.call(Module, id, this, false);
  const known = own[file];
  return known?.loaded ? known.exports : load.call(Module, file, this, false);
}

/**
 * Returns the path of a file of rust-net. Node would resolve a relative request in
 * many steps, once for each folder that makes it, which is a quarter of the time that
 * the first socket takes to load.
 *
 * @param {string} id
 * @param {string | undefined} from the path of the file that requires it
 * @returns {string | undefined} undefined unless `from` names its neighbour
 */
function ownFile(id, from) {
  if (path.sep !== '/' || !from?.startsWith(lib)) return undefined;
  const hasExtension = id.lastIndexOf('.') > id.lastIndexOf('/');
  if (!id.startsWith('.') || hasExtension) return undefined;
  let folder = from.lastIndexOf('/');
  let name = id.startsWith('./') ? 2 : 0;
  for (; id.startsWith('../', name); name += 3) {
    folder = from.lastIndexOf('/', folder - 1);
  }
  const file = `${from.slice(0, folder)}/${id.slice(name)}.js`;
  return file.startsWith(lib) ? file : undefined;
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
 * Remembers the modules of this copy while the cache still has them. Call it at
 * the end of each file that programs load.
 */
function keepLoaded() {
  const { _cache: cache } = Module;
  if (cache === own || cache[__filename] !== module) return;
  for (const name of Object.keys(cache)) {
    // A module that is still loading may fail.
    if (name.startsWith(lib) && cache[name].loaded) own[name] ??= cache[name];
  }
}

// Adds this copy's modules to the program's cache, if it still has this copy.
// Otherwise a later `require` of the program would load them a second time.
function share(cache) {
  if (cache === own || cache[__filename] !== module) return;
  for (const name of Object.keys(own)) cache[name] ??= own[name];
}

/**
 * Runs a `require` past all hooks, mocks and changes of the cache.
 *
 * @template T
 * @param {() => T} act must only load, and never run the program's code
 * @returns {T} the result of `act`
 */
function loadOwn(act) {
  const saved = current();
  keepLoaded();
  use(plain);
  try {
    return act();
  } finally {
    use(saved);
    share(saved.cache);
  }
}

keepLoaded();

module.exports = { keepLoaded, loadOwn };
