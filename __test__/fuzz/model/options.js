'use strict';

/*
 * Parses the command's options.
 */

const path = require('node:path');
const { parseArgs } = require('node:util');

const text = { type: /** @type {const} */ ('string') };
const flag = { type: /** @type {const} */ ('boolean') };

/**
 * @param {string[]} args
 * @returns {{ seed: number, programs: number, seconds: number, lanes: number, subject?: string,
 *   program?: string, module: string, node: string, keepsGoing: boolean, shrinks: boolean }}
 */
function optionsFrom(args) {
  const { values } = parseArgs({
    args,
    options: {
      ...{ seed: text, programs: text, seconds: text, lanes: text },
      ...{ subject: text, program: text, module: text, node: text, most: text },
      ...{ short: flag, 'no-shrink': flag },
    },
  });
  const number = (value, otherwise) =>
    value === undefined ? otherwise : Number(value);
  return {
    seed: number(values.seed, (Date.now() % 1e9) >>> 0),
    programs: number(values.programs, values.short ? Infinity : 20_000),
    seconds: number(values.seconds, values.short ? 55 : Infinity),
    lanes: number(values.lanes, 2),
    most: number(values.most, 20),
    subject: values.subject,
    program: values.program,
    module: path.resolve(values.module ?? path.join(__dirname, '../../..')),
    node: values.node ?? process.execPath,
    shrinks: !values['no-shrink'],
  };
}

module.exports = { optionsFrom };
