'use strict';

/*
 * The end that connects keeps `flight` messages under way on each connection,
 * and the end that listens sends them back.
 */

const ends = require('./ends');
const { chunkOf } = require('./content');

// One answer of this many is timed, because reading the clock is not part of
// the work.
const TIMED = 16;

class Listener extends ends.Listener {
  accept({ socket, take, run }) {
    socket.on('data', (chunk) => {
      take(chunk);
      socket.write(chunk);
    });
    socket.on('close', () => {
      run.closed = (run.closed ?? 0) + 1;
      if (run.closed === this.row.connections) run.end();
    });
  }

  start() {}
}

/** One connection that sends requests. */
class Asker {
  #asked = 0;
  #seen = 0;
  #answered = 0;
  #since = 0;

  constructor(lane, rounds, times, done) {
    const { value, encoding, sent } = chunkOf(lane.run.row.write);
    Object.assign(this, { lane, rounds, times, done, value, encoding });
    this.size = sent.length;
    lane.socket.on('data', (chunk) => {
      lane.take(chunk);
      this.#seen += chunk.length;
      for (; this.#seen >= this.size; this.#seen -= this.size) this.#answer();
    });
  }

  ask() {
    if (this.#asked++ % TIMED === 0) this.#since = performance.now();
    this.lane.run.sent += this.size;
    this.lane.socket.write(this.value, this.encoding);
  }

  #answer() {
    if (this.#answered++ % TIMED === 0) {
      this.times.push(performance.now() - this.#since);
    }
    if (this.#asked < this.rounds) this.ask();
    else if (this.#answered === this.rounds) this.done();
  }
}

class Connector extends ends.Connector {
  start(run) {
    const times = [];
    let left = run.lanes.length;
    const rounds = run.part(this.row.rounds);
    const done = () => {
      if (--left > 0) return;
      times.sort((a, b) => a - b);
      const at = (part) => times[Math.floor(times.length * part)] * 1000;
      run.end({ p50: at(0.5), p99: at(0.99) });
      for (const { socket } of run.lanes) socket.end();
    };
    for (const lane of run.lanes) {
      const asker = new Asker(lane, rounds, times, done);
      const flight = Math.min(this.row.flight, rounds);
      for (let i = 0; i < flight; i++) asker.ask();
    }
  }
}

module.exports = { Connector, Listener };
