'use strict';

/*
 * Makes all connections ready at once: the listener blocks while the other end
 * writes to each. Only the time from then to the last answer counts.
 */

const ends = require('./ends');
const { chunkOf } = require('./content');

// By then the peer must have read the answers and sent its next requests; in
// milliseconds.
const HOLD_LEAST = 100;
const HOLD_EACH = 0.06;

/** Blocks this thread. */
function holdStill(milliseconds) {
  const cell = new Int32Array(new SharedArrayBuffer(4));
  Atomics.wait(cell, 0, 0, milliseconds);
}

class Listener extends ends.Listener {
  accept({ socket, take, run }) {
    socket.on('data', (chunk) => {
      take(chunk);
      socket.write(chunk);
      if (run.received % this.batch === 0) setImmediate(() => this.#next(run));
    });
  }

  get batch() {
    return this.row.connections * this.row.write.size;
  }

  start(run) {
    this.left = run.part(this.row.rounds);
    run.watch.reset();
    this.#hold(run);
  }

  #hold(run) {
    holdStill(Math.max(HOLD_LEAST, HOLD_EACH * this.row.connections));
    run.watch.start();
  }

  #next(run) {
    if (--this.left === 0) {
      run.end();
      return;
    }
    run.watch.stop();
    this.#hold(run);
  }
}

class Connector extends ends.Connector {
  start(run) {
    const { value } = chunkOf(this.row.write);
    const batch = run.lanes.length * value.length;
    let left = run.part(this.row.rounds);
    const ask = () => {
      for (const { socket } of run.lanes) socket.write(value);
      run.sent += batch;
    };
    const onData = () => {
      if (run.received % batch !== 0) return;
      if (--left > 0) {
        ask();
        return;
      }
      run.end();
      for (const { socket } of run.lanes) socket.end();
    };
    for (const { socket, take } of run.lanes) {
      socket.on('data', take).on('data', onData);
    }
    ask();
  }
}

module.exports = { Connector, Listener };
