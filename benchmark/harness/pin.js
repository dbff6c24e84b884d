'use strict';

/*
 * Which cores the two ends of a row run on. The scheduler may put them on one
 * core or on two, and a message between two costs several times as much.
 */

const os = require('node:os');

const { findProgram } = require('./variants');

/** The core of each end, by the name of the placement. */
const places = {
  together: { subject: 0, peer: 0 },
  apart: { subject: 0, peer: 1 },
};

/** Returns true if a row's ends can be pinned as it asks. */
const canPin = ({ pin }) =>
  !pin || (findProgram('taskset') !== undefined && os.cpus().length > 1);

/**
 * Returns the command that runs another one pinned to the row's core.
 *
 * @param {{ pin?: string }} row
 * @param {'subject' | 'peer'} end
 * @param {string[]} command
 */
function pinned({ pin }, end, command) {
  return pin ? ['taskset', '-c', `${places[pin][end]}`, ...command] : command;
}

module.exports = { canPin, pinned };
