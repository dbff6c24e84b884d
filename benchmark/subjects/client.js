'use strict';

/*
 * A client under test: `node client.js MODULE --port P --connections N --size
 * B`. It keeps one message under way on each connection to the native echo
 * server.
 */

const { once } = require('node:events');
const { parseArgs } = require('node:util');

const { control } = require('./control');
const { pattern } = require('./pattern');
const { timed } = require('./timed');

// One answer of this many is timed, because reading the clock is not part of
// the work.
const TIMED = 16;

/** One connection, which sends messages until it is stopped. */
class Asker {
  #message;
  #seen = 0;
  #count = 0;
  #since = 0;
  #end = 0;
  #times;
  #done;

  constructor(socket, size) {
    this.socket = socket;
    this.#message = pattern(size);
    socket.on('data', (data) => this.#take(data));
    socket.on('close', () => {
      throw new Error('the server closed a connection');
    });
  }

  run(end, times) {
    this.#count = 0;
    this.#end = end;
    this.#times = times;
    this.#ask();
    return new Promise((resolve) => (this.#done = resolve));
  }

  #ask() {
    this.#seen = 0;
    // Consecutive messages differ.
    this.#message[0] = this.#count & 0xff;
    if (this.#count % TIMED === 0) this.#since = performance.now();
    this.socket.write(this.#message);
  }

  #take(data) {
    const message = this.#message;
    const last = data.length - 1;
    if (
      data[0] !== message[this.#seen] ||
      data[last] !== message[this.#seen + last]
    ) {
      throw new Error('wrong answer');
    }
    this.#seen += data.length;
    if (this.#seen < message.length) return;
    if (this.#count++ % TIMED === 0) {
      const now = performance.now();
      this.#times.push(now - this.#since);
      if (now >= this.#end) {
        this.#done(this.#count);
        return;
      }
    }
    this.#ask();
  }
}

function run(askers, seconds) {
  const end = performance.now() + seconds * 1000;
  return timed((times) =>
    Promise.all(askers.map((one) => one.run(end, times))),
  );
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      connections: { type: 'string', default: '64' },
      size: { type: 'string', default: '64' },
    },
  });
  const net = require(positionals[0]);
  const askers = [];
  while (askers.length < Number(values.connections)) {
    const socket = net.connect({
      port: Number(values.port),
      host: '127.0.0.1',
      noDelay: true,
    });
    await once(socket, 'connect');
    askers.push(new Asker(socket, Number(values.size)));
  }
  control({ ready: true }, { run: (seconds) => run(askers, seconds) });
}

main();
