'use strict';

/*
 * Parses the command's options.
 */

const path = require('node:path');
const { parseArgs } = require('node:util');

const text = { type: /** @type {const} */ ('string') };
const flag = { type: /** @type {const} */ ('boolean') };

/** The seconds of `--short`: in which programs begin, and in which all of it ends. */
const SHORT = { programs: 25, all: 40 };

/**
 * @typedef {object} Options
 * @property {number} seed of the first program
 * @property {number} programs at most
 * @property {number} seconds in which programs begin
 * @property {number} until when everything must have ended, in the milliseconds of `Date.now()`
 * @property {number} lanes programs that play at once
 * @property {number} most differences, which end the run
 * @property {string} [subject]
 * @property {string} [program] a file
 * @property {string} [results] a file
 * @property {string} module
 * @property {string} node
 * @property {boolean} shrinks
 * @property {boolean} records
 */

/**
 * @param {string[]} args
 * @returns {Options}
 */
function optionsFrom(args) {
  const { values } = parseArgs({
    args,
    options: {
      ...{ seed: text, programs: text, seconds: text, lanes: text },
      ...{ subject: text, program: text, module: text, node: text, most: text },
      results: text,
      ...{ short: flag, 'no-shrink': flag, record: flag },
    },
  });
  const number = (value, otherwise) =>
    value === undefined ? otherwise : Number(value);
  const { short } = values;
  return {
    seed: number(values.seed, (Date.now() % 1e9) >>> 0),
    programs: number(values.programs, short ? Infinity : 20_000),
    seconds: number(values.seconds, short ? SHORT.programs : Infinity),
    until: short ? Date.now() + SHORT.all * 1000 : Infinity,
    lanes: number(values.lanes, 2),
    most: number(values.most, 20),
    subject: values.subject,
    results: values.results,
    program: values.program,
    module: path.resolve(values.module ?? path.join(__dirname, '../../..')),
    node: values.node ?? process.execPath,
    shrinks: !values['no-shrink'],
    records: values.record ?? false,
  };
}

module.exports = { optionsFrom };
