'use strict';

/*
 * What a verb must not take for its argument, as node's own handles end the process
 * over it, and what it must take. Kinds are those of values.js, by the names of the
 * parameters.
 */

const { isProxy, isUint8Array } = require('node:util').types;
const { kindOf } = require('./values');

const fits = {
  bytes: isUint8Array,
  list: Array.isArray,
  request: (value) => typeof value === 'object' && value !== null,
  text: (value) => typeof value === 'string',
};

/**
 * @param {string[]} parameters of a verb that has done what it was asked
 * @param {any[]} args
 * @returns {string | undefined} the parameter that was given something else
 */
function misfit(parameters, args) {
  return parameters.find((name, i) => {
    const isFit = fits[kindOf(name)];
    return isFit !== undefined && !isFit(args[i]);
  });
}

/** True of a list whose elements are there, without a getter, and can be sent. */
function isSound(list, allBuffers) {
  if (isProxy(list) || Object.getPrototypeOf(list) !== Array.prototype) {
    return false;
  }
  for (let i = 0; i < list.length; i += allBuffers ? 1 : 2) {
    const { value } = Object.getOwnPropertyDescriptor(list, i) ?? {};
    const isText = typeof value === 'string' && !allBuffers;
    if (!isText && !isUint8Array(value)) return false;
  }
  return true;
}

/**
 * @param {string[]} parameters of a verb that writes
 * @param {any[]} args
 * @returns {boolean} true when it must take them, whatever an encoding is
 */
function mustTake(parameters, args) {
  if (misfit(parameters, args) !== undefined) return false;
  const place = parameters.findIndex((name) => kindOf(name) === 'list');
  return place < 0 || isSound(args[place], args[place + 1]);
}

module.exports = { misfit, mustTake };
