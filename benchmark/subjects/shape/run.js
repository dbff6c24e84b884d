'use strict';

/*
 * How a measurement of a shape goes on at one end, and the commands for it.
 */

const { control, cpu } = require('../control');

/** The time and the CPU time of this process from `start` to `stop`, summed up. */
class Stopwatch {
  seconds = 0;
  cpu = 0;

  reset() {
    this.seconds = 0;
    this.cpu = 0;
  }

  start() {
    this.from = { time: performance.now(), cpu: cpu() };
  }

  stop() {
    this.seconds += (performance.now() - this.from.time) / 1000;
    this.cpu += cpu() - this.from.cpu;
  }
}

/** What goes on in one measurement. */
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

  /** The share of a number of the row, at least one. */
  part(count) {
    return Math.max(1, Math.round(count * this.share));
  }

  /** Stops the watch, makes what checks there are left, and gives the figures. */
  end(more, checks = []) {
    this.watch.stop();
    for (const check of checks) check();
    const { seconds, cpu: used } = this.watch;
    const { sent, received } = this;
    this.finish({ seconds, cpu: used, sent, received, ...more });
  }
}

/**
 * Says that this end is ready, and serves the commands.
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

module.exports = { Run, Stopwatch, serve };
