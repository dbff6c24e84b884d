'use strict';

/** Loads rust-net/register, as a program does with `-r`, and leaves a mark. */

const fs = require('node:fs');
const path = require('node:path');
const { threadId } = require('node:worker_threads');

const names = require('../environment.js');

function install() {
  require(path.join(path.dirname(process.env[names.ENTRY]), 'register.js'));
  // Some tests of node's modules use no socket: that register is in force counts.
  const marks = process.env[names.MARKS];
  if (!marks) return;
  const name = path.join(marks, `${process.pid}-${threadId}`);
  fs.writeFileSync(name, 'rust-net/register\n');
}

module.exports = { install };
