'use strict';

// What one run of a scenario has opened, sent, received and been told.

const os = require('node:os');

const { Work } = require('./work');

/** Eight bytes a number: no stretch of it is like another. */
const pattern = Buffer.from(
  Array.from(
    { length: 1 << 18 },
    (_, i) => `${i}`.padStart(7, '0') + '\n',
  ).join(''),
);

/** One direction of a connection: so many bytes of the pattern. */
class Flow {
  constructor(track, name, base, total) {
    Object.assign(this, { track, name, base, total });
    this.given = 0;
    this.acknowledged = 0;
    this.arrived = 0;
    this.isEnded = false;
  }

  /** The next `size` bytes to be sent, at most those that are left. */
  next(size = this.total) {
    const start = this.given;
    this.given = Math.min(this.total, start + size);
    return this.bytes(start, this.given);
  }

  bytes(start, end) {
    return pattern.subarray(this.base + start, this.base + end);
  }

  /** Takes a chunk, which came into so much room. */
  take(chunk, room) {
    this.track.work.take(chunk.length, room);
    const end = this.arrived + chunk.length;
    const { name } = this;
    if (end > this.total) {
      this.track.fault(`${name}: ${end} bytes of ${this.total}`);
    } else if (!this.bytes(this.arrived, end).equals(chunk)) {
      this.track.fault(`${name}: other bytes behind ${this.arrived}`);
    }
    this.arrived = end;
  }

  end() {
    this.isEnded = true;
  }

  /** Takes all that a socket receives. */
  from(socket) {
    socket.on('data', (chunk) => this.take(Buffer.from(chunk)));
    socket.on('end', () => this.end());
    return socket;
  }
}

class Track {
  constructor() {
    this.problems = [];
    this.errors = [];
    this.closes = [];
    this.flows = [];
    this.base = 0;
    this.open = new Map();
    this.callbacks = 0;
    this.work = new Work();
    /** Some connection cannot be reset, as Unix-domain sockets cannot. */
    this.hasNoReset = false;
    /** True when a program in between hears of lost bytes, and not the peer. */
    this.isIndirect = false;
    this.isSetUp = false;
    this.over = new Promise((resolve) => {
      this.resolve = resolve;
    });
  }

  fault(text) {
    this.problems.push(text);
  }

  flow(name, total) {
    const flow = new Flow(this, name, this.base, total);
    // The next one has bytes of its own, so that one never passes for another.
    this.base += Math.ceil(total / 8) * 8 + 8;
    this.flows.push(flow);
    return flow;
  }

  /** Notes an error that the program was told in whatever way. */
  told(where, error) {
    const { code, errno, syscall, message } = error;
    this.errors.push(`${where} ${syscall ?? '-'} ${code ?? message}`);
    if (code === undefined) {
      this.fault(`${where}: ${error?.stack ?? error}`);
    }
    // The errors of several attempts have the code of the first; node's own word
    // for a write behind the peer's end is no system call's.
    const isOwn = error.errors || /ended by the other party/.test(message);
    if (isOwn || !/^E[A-Z0-9]+$/.test(code ?? '')) return;
    const number = os.constants.errno[code];
    if (number === undefined || errno !== -number) {
      this.fault(`${where}: ${code} with the errno ${errno}`);
    }
    if (typeof syscall !== 'string') {
      this.fault(`${where}: ${code}, no syscall`);
    }
  }

  follow(name, one) {
    this.open.set(one, name);
    let closes = 0;
    let errors = 0;
    one.on('error', (error) => {
      errors += 1;
      if (closes > 0) this.fault(`${name}: 'error' after 'close'`);
      this.told(name, error);
    });
    one.on('close', (hadError) => {
      closes += 1;
      if (closes > 1) return this.fault(`${name}: 'close' again`);
      this.closes.push(`${name} ${hadError}`);
      if (hadError === true && errors !== 1) {
        this.fault(`${name}: 'close' true after ${errors} errors`);
      }
      this.forget(one);
    });
    return one;
  }

  /** Follows a socket from here on, and returns it. */
  socket(name, socket) {
    this.work.connect(socket);
    return this.follow(name, socket);
  }

  server(name, server) {
    this.work.listen();
    return this.follow(name, server);
  }

  /** What has gone elsewhere, or never came to be. */
  forget(one) {
    this.open.delete(one);
    this.check();
  }

  /** Has the callback count, which must come once. */
  callback(name, then = () => {}) {
    this.callbacks += 1;
    let calls = 0;
    return (error) => {
      calls += 1;
      if (calls > 1) return this.fault(`${name}: called back ${calls} times`);
      if (error) this.told(`${name} callback`, error);
      else then();
      this.callbacks -= 1;
      this.check();
    };
  }

  /** Writes bytes, those of `flow` if it is given. */
  write(name, socket, bytes, { encoding, flow } = {}) {
    const length = Buffer.byteLength(bytes, encoding);
    this.work.write(length);
    const done = this.callback(`write of ${name}`, () => {
      // Node calls back without an error, too, where destroy() cuts a write short.
      if (flow && !socket.destroyed) flow.acknowledged += length;
    });
    return socket.write(bytes, encoding, done);
  }

  /** Nothing more will be opened than what is open now. */
  setUp() {
    this.isSetUp = true;
    this.check();
  }

  check() {
    if (this.isSetUp && this.open.size === 0 && this.callbacks === 0) {
      this.resolve();
    }
  }

  /** What keeps this run from its end. */
  pending() {
    const names = [...this.open.values()].join(', ');
    return `open: ${names || 'nothing'}; callbacks to come: ${this.callbacks}`;
  }

  /** Ends all by force. */
  destroy() {
    for (const one of this.open.keys()) {
      if (one.destroy) one.destroy();
      else one.close();
    }
  }

  /** What can be cloned: all that it has found, for the track of another thread. */
  found() {
    const { problems, errors, closes, work } = this;
    const flows = this.flows.map(
      ({ name, total, arrived, acknowledged, isEnded }) => ({
        ...{ name, total, arrived, acknowledged, isEnded },
      }),
    );
    return { problems, errors, closes, flows, work: { ...work } };
  }

  /** All that a program could have seen, for comparison. */
  summary() {
    const flows = this.flows.map(
      ({ name, arrived, isEnded }) => `${name} ${arrived} ${isEnded}`,
    );
    const sorted = (list) => [...list].sort();
    return JSON.stringify({
      flows,
      errors: sorted(this.errors),
      closes: sorted(this.closes),
    });
  }

  /** Says what is wrong with how the bytes of the flows have ended. */
  checkFlows(outcome) {
    for (const { name, isEnded, arrived, acknowledged, total } of this.flows) {
      if (!isEnded || arrived === total) continue;
      const told = `${name}: a clean end after ${arrived} bytes of ${total}`;
      if (arrived < acknowledged && !this.hasNoReset) {
        this.fault(`${told}, where ${acknowledged} were reported as written`);
      } else if (outcome === 'cut' && !this.isIndirect) {
        this.fault(`${told}, behind bytes that were lost`);
      } else if (this.errors.length === 0 && outcome !== 'shed') {
        this.fault(`${told}, and no error`);
      }
    }
  }
}

module.exports = { Track };
