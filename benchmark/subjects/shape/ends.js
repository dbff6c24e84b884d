'use strict';

/*
 * The two ends of works that open all connections before they begin.
 */

const { checker } = require('./content');
const { connect, createServer } = require('./open');
const { readOptions } = require('./read');

// No server has a shorter backlog.
const OPENED_AT_ONCE = 128;

/** One connection of a run, and the check of what it receives. */
class Lane {
  constructor(run) {
    const check = checker(run.row.write);
    this.run = run;
    this.take = (chunk) => {
      run.received += check(chunk);
    };
  }
}

/**
 * Accepts the row's connections. Subclasses override `accept(lane)` to add
 * their listeners at once.
 */
class Listener {
  constructor(net, row, end) {
    this.row = row;
    this.end = end;
    const options = { noDelay: Boolean(row.noDelay) };
    this.server = createServer(net, row, options, (socket) => {
      const lane = new Lane(this.run);
      lane.socket = socket;
      this.accept(lane);
      this.run.lanes.push(lane);
      if (this.run.lanes.length === row.connections) this.run.setOpened();
    });
  }

  accept() {}

  arm(run) {
    this.run = run;
  }
}

/** Opens the row's connections. */
class Connector {
  constructor(net, row, end, where) {
    Object.assign(this, { net, row, end, where });
  }

  async arm(run) {
    while (run.lanes.length < this.row.connections) {
      const count = Math.min(
        OPENED_AT_ONCE,
        this.row.connections - run.lanes.length,
      );
      const opened = Array.from({ length: count }, () => this.#open(run));
      run.lanes.push(...(await Promise.all(opened)));
    }
    run.setOpened();
  }

  async #open(run) {
    const lane = new Lane(run);
    const { net, row, where } = this;
    lane.socket = await connect(net, row, {
      ...where,
      noDelay: Boolean(row.noDelay),
      ...readOptions(row.read ?? { api: 'data' }, lane.take),
    });
    return lane;
  }
}

module.exports = { Connector, Listener };
