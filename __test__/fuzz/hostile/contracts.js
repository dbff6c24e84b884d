'use strict';

/*
 * What a verb must not take for its argument: node's own handles end the process
 * over it. Kinds are those of values.js, by the names of the parameters.
 */

const { isUint8Array } = require('node:util').types;
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

module.exports = { misfit };
