'use strict';

/*
 * Where the two ends of a row run. Left alone, the scheduler puts them on one core
 * or on two as it likes, and a message between two costs several times as much.
 */

const os = require('node:os');

const { findProgram } = require('./variants');

/** The core of each end by the name of the place. */
const places = {
  together: { subject: 0, peer: 0 },
  apart: { subject: 0, peer: 1 },
};

/** Whether a row's ends can be put where it wants them. */
const canPin = ({ pin }) =>
  !pin || (findProgram('taskset') !== undefined && os.cpus().length > 1);

/**
 * The command that keeps another on a row's core for it.
 *
 * @param {{ pin?: string }} row
 * @param {'subject' | 'peer'} end
 * @param {string[]} command
 */
function pinned({ pin }, end, command) {
  return pin ? ['taskset', '-c', `${places[pin][end]}`, ...command] : command;
}

module.exports = { canPin, pinned };
