'use strict';

/*
 * Runs wrk (https://github.com/wg/wrk) where it is installed, as other projects
 * measure http with it, too. It has the interface of a `Program` with the
 * native load.
 */

const { execFile } = require('node:child_process');
const { promisify } = require('node:util');

const run = promisify(execFile);

const MICROSECONDS = { us: 1, ms: 1000, s: 1e6, m: 60e6 };

/** Returns the numbers that `pattern` captures; throws if they are missing. */
function read(output, pattern) {
  const found = pattern.exec(output);
  if (!found) throw new Error(`wrk did not say ${pattern}: ${output}`);
  return found.slice(1);
}

function latency(output, percent) {
  const pattern = new RegExp(`\\b${percent}%\\s+([\\d.]+)(us|ms|s|m)\\b`);
  const [value, unit] = read(output, pattern);
  return Number(value) * MICROSECONDS[unit];
}

/** Parses the output of a run; throws if an answer was not the expected one. */
function parse(output) {
  const fault = /Socket errors:.*|Non-2xx.*/.exec(output);
  if (fault) throw new Error(`wrk: ${fault[0]}`);
  const [requests, time, unit] = read(
    output,
    /(\d+) requests in ([\d.]+)(ms|s|m),/,
  );
  return {
    ops: Number(requests),
    seconds: (Number(time) * MICROSECONDS[unit]) / 1e6,
    p50: latency(output, 50),
    p99: latency(output, 99),
  };
}

class Wrk {
  #args;

  /** @param {string[]} options `--connections N --port N` */
  constructor(options) {
    const value = (name) => options[options.indexOf(name) + 1];
    this.#args = [
      ...['--threads', '1', '--latency'],
      ...['--connections', value('--connections')],
      `http://127.0.0.1:${value('--port')}/`,
    ];
  }

  /**
   * @param {string} line `run SECONDS`; wrk counts in whole ones
   * @returns {Promise<{ ops: number, seconds: number, p50: number, p99: number }>}
   */
  async ask(line) {
    const seconds = Math.ceil(Number(line.split(' ')[1]));
    const { stdout } = await run('wrk', [
      `--duration=${seconds}s`,
      ...this.#args,
    ]);
    return parse(stdout);
  }

  // Does nothing: each run opens and closes its own connections.
  async stop() {}

  kill() {}
}

module.exports = { Wrk };
