'use strict';

/*
 * What a program may do to its modules, as monitoring hooks `require` and tests mock
 * modules and clear the cache. Also what may happen to it: descriptors run out.
 */

const fs = require('node:fs');
const Module = /** @type {any} */ (require('node:module'));

/** Returns the name of a module without its prefix. */
const plainName = (id) => String(id).replace(/^node:/, '');

/**
 * @param {(what: string, value: any) => void} say
 * @returns {any} starts disturbances, and has what they noted
 */
function disturb(say) {
  const seen = [];
  const held = [];
  let own;

  const note = (how, id) => {
    if (id === own) return;
    seen.push(`${how} ${plainName(id).split('/').pop()}`);
  };

  const makers = {
    hookRequire() {
      const below = Module.prototype.require;
      Module.prototype.require = function (id) {
        note('require', id);
        return Reflect.apply(below, this, arguments);
      };
    },
    hookLoad() {
      const below = Module._load;
      Module._load = function (id) {
        note('load', id);
        return Reflect.apply(below, this, arguments);
      };
    },
    mockRequire({ names }) {
      const below = Module.prototype.require;
      Module.prototype.require = function (id) {
        if (names.includes(plainName(id))) return {};
        return Reflect.apply(below, this, arguments);
      };
    },
    mockLoad({ names }) {
      const below = Module._load;
      Module._load = function (id) {
        if (names.includes(plainName(id))) return {};
        return Reflect.apply(below, this, arguments);
      };
    },
    emptyCache() {
      for (const name of Object.keys(require.cache)) delete require.cache[name];
    },
    replaceCache() {
      Module._cache = Object.create(null);
    },
    useDescriptors({ left }) {
      const taken = [];
      try {
        for (;;) taken.push(fs.openSync('/dev/null', 'r'));
      } catch (error) {
        if (error.code !== 'EMFILE') say('descriptors', error.code);
      }
      for (const fd of taken.splice(0, left)) fs.closeSync(fd);
      held.push(...taken);
    },
  };

  return {
    begin: (one) => makers[one.what](one),
    /** Requires a module for the program itself, without noting it. */
    ask(id) {
      own = id;
      try {
        return require(id);
      } finally {
        own = undefined;
      }
    },
    /** Restores what was taken from the process. */
    release() {
      for (const fd of held.splice(0)) fs.closeSync(fd);
    },
    seen: () => seen,
  };
}

module.exports = { disturb };
