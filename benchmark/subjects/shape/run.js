'use strict';

/*
 * Runs the measurement of a shape at one end, and serves the commands for it.
 */

const { control, cpu } = require('../control');

/**
 * Returns what this process has used; `faults` counts the pages that it was
 * given.
 */
function usage() {
  // Some runtimes do not have this.
  const { minorPageFault, voluntaryContextSwitches } =
    process.resourceUsage?.() ?? {};
  return {
    seconds: performance.now() / 1000,
    cpu: cpu(),
    faults: minorPageFault,
    sleeps: voluntaryContextSwitches,
  };
}

/** Sums up what this process uses between `start` and `stop`. */
class Stopwatch {
  used = {};

  reset() {
    this.used = {};
  }

  start() {
    this.from = usage();
  }

  stop() {
    for (const [name, value] of Object.entries(usage())) {
      this.used[name] = (this.used[name] ?? 0) + value - this.from[name];
    }
  }
}

/** One measurement. */
class Run {
  /** Bytes of content that this end has sent and received. */
  sent = 0;
  received = 0;
  watch = new Stopwatch();
  lanes = [];

  constructor(row, share) {
    this.row = row;
    this.share = share;
    this.opened = new Promise((resolve) => (this.setOpened = resolve));
    this.finished = new Promise((resolve) => (this.finish = resolve));
  }

  /** Returns this run's share of a count of the row, at least one. */
  part(count) {
    return Math.max(1, Math.round(count * this.share));
  }

  /** Stops the stopwatch, runs the remaining checks and reports the figures. */
  end(more, checks = []) {
    this.watch.stop();
    for (const check of checks) check();
    const { sent, received } = this;
    this.finish({ ...this.watch.used, sent, received, ...more });
  }
}

/**
 * Reports that this end is ready, and serves the commands.
 *
 * @param {{ row: any, arm: (run: Run) => void, start: (run: Run) => void }} work
 * @param {object} [ready] what the first line says
 */
function serve(work, ready = {}) {
  let run;
  const commands = {
    arm(share) {
      run = new Run(work.row, share);
      work.arm(run);
      return {};
    },
    opened: () => run.opened.then(() => ({})),
    start() {
      run.watch.start();
      setImmediate(() => work.start(run));
      return {};
    },
    result: () => run.finished,
  };
  control({ ...ready, pid: process.pid }, commands);
}

module.exports = { Run, serve };
