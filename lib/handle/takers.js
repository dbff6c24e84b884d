'use strict';

/*
 * Functions of node that take a handle in C++: which handles are rust-net's, and how
 * to read from them in JavaScript.
 */

const { guardBindings } = require('../node/bindings');
const parsers = require('../node/http-parser');
const { runTicksWithin } = require('./dispatch');
const { divertReads, endDiversion } = require('./divert');
const { kKey } = require('./symbols');

/**
 * Returns true for a handle of rust-net, which is an object of JavaScript.
 *
 * @param {unknown} handle
 */
function isOwn(handle) {
  if (typeof handle !== 'object' || handle === null) return false;
  return kKey in handle || Reflect.get(handle, 'isDuplexHandle') === true;
}

const reads = {
  isOwn,
  divert: divertReads,
  end: endDiversion,
  runTicks: runTicksWithin,
};

/** Prepares what node has loaded for a handle that a program has or gets now. */
function prepareTakers() {
  if (!parsers.ready) parsers.prepare(reads);
}

guardBindings(isOwn, prepareTakers);

module.exports = { prepareTakers };
