'use strict';

// Writes the last calls of a run to a file before each is made, so that they
// survive a crash.

const fs = require('node:fs');

const LINES = 96;
const WIDTH = 320;

class Trace {
  #fd;

  constructor(file) {
    this.file = file;
    this.#fd = fs.openSync(file, 'w');
  }

  /** Updates the file's time, which shows that this process is alive. */
  beat() {
    const now = Date.now() / 1000;
    fs.futimesSync(this.#fd, now, now);
  }

  note(number, text) {
    const line = `${number} ${text}`
      .replace(/[^ -~]/g, '?')
      .slice(0, WIDTH - 1);
    const at = (number % LINES) * WIDTH;
    fs.writeSync(this.#fd, `${line.padEnd(WIDTH - 1)}\n`, at, 'latin1');
  }
}

/** @returns {string[]} what was noted last, the oldest first */
function readTrace(file) {
  const lines = fs.readFileSync(file, 'latin1').split('\n');
  const noted = lines
    .map((line) => line.replaceAll('\0', '').trim())
    .filter((line) => /^\d+ /.test(line));
  return noted.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
}

module.exports = { Trace, readTrace };
