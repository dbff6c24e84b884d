'use strict';

/*
 * The rows of the table. A row's `subject` is a script of `subjects/` with its
 * arguments, `load` the native load, and `bare` the servers without JavaScript.
 * Each target is one line of the table. Its `must` and `goal` are ratios to
 * node:net; with `lower`, less is better.
 */

const { canPin } = require('../harness/pin');
const { answers, calibrate } = require('./answers');
const { echo } = require('./common');
const { echoes } = require('./echoes');
const { httpRows } = require('./http');
const { memories, others } = require('./others');
const { scalingRows } = require('./scaling');
const { threads } = require('./threads');
const { fairness, proxyBulk, transfers } = require('./transfers');

/**
 * @param {{ quick: boolean, nodeMajor: number, sustained: number,
 *   wrk: boolean }} settings
 * @returns {any[]} all rows, in the table's order
 */
function makeRows(settings) {
  let rounds;
  const handlerWork = () => (rounds ??= calibrate());
  return [
    ...echoes(),
    ...transfers(settings),
    ...answers({ handlerWork }),
    proxyBulk(settings),
    ...fairness(),
    ...memories(settings),
    ...others(settings),
    ...httpRows(settings),
    ...threads({ handlerWork }),
  ];
}

/**
 * Selects rows by name. `echo-NxSIZE` makes an echo row with those numbers.
 *
 * @param {any[]} rows
 * @param {string | undefined} only names, separated by commas
 * @returns {any[]}
 */
function selectRows(rows, only) {
  if (only === undefined) {
    return rows.filter((row) => !row.optional && canPin(row));
  }
  return only.split(',').map((name) => {
    const found = rows.find((row) => row.name === name);
    if (found) return found;
    const numbers = /^echo-(\d+)x(\d+)$/.exec(name);
    if (numbers) return echo(name, +numbers[1], +numbers[2], [{}]);
    const names = rows.map((row) => row.name).join(', ');
    throw new Error(`no row '${name}': ${names}, echo-CONNECTIONSxBYTES`);
  });
}

module.exports = { makeRows, scalingRows, selectRows };
