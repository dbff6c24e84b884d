'use strict';

// A server that is closed soon after this process has connected to it: whether it has
// accepted by then depends on the phases of the loop, and must be as in node:net.

const assert = require('node:assert');
const fs = require('node:fs');
const { both, same } = require('../helpers/both');
const {
  destroyAfter,
  listening,
  nextIteration,
  pair,
  recorded,
  transports,
  until,
  whereIs,
} = require('../helpers/wire');

/** Blocks until a timer of one millisecond is due. */
function block() {
  const end = performance.now() + 5;
  while (performance.now() < end);
}

/** The phases of the loop in which the connect is made: `(act, net, t) => void`. */
const phases = {
  timers: (act) => setTimeout(act, 1),
  poll: (act) => fs.stat(__filename, act),
  check: (act) => setImmediate(act),
  'poll, by a reader': async (act, net, t) => {
    const { client, peer } = await pair(net, t);
    client.once('data', act);
    peer.write('go');
  },
};

/** When the server is closed: `(client, close) => void`. */
const closers = {
  'process.nextTick': (client, close) => process.nextTick(close),
  setImmediate: (client, close) => setImmediate(close),
  'two of setImmediate': (client, close) =>
    setImmediate(() => setImmediate(close)),
  setTimeout: (client, close) => {
    setTimeout(close, 1);
    process.nextTick(block);
  },
  "'connect'": (client, close) => client.once('connect', close),
};

/** Connects in a phase, closes the server, and returns what both ends have seen. */
async function play(net, t, where, inPhase, closeBy) {
  let accepted = 0;
  const server = await listening(net, t, where, {}, () => accepted++);
  const address = whereIs(server);
  await nextIteration();
  const events = await new Promise((resolve) => {
    const connect = () => {
      const client = destroyAfter(t, net.connect(address));
      const seen = recorded(client, ['connect', 'end', 'error', 'close']);
      closeBy(client, () => {
        server.close();
        resolve(seen);
      });
    };
    inPhase(connect, net, t);
  });
  const isClosed = () => events.includes('close true');
  await until(() => (accepted && events.includes('connect')) || isClosed());
  return { accepted, events };
}

for (const [transport, where] of transports) {
  for (const [phase, inPhase] of Object.entries(phases)) {
    for (const [closer, closeBy] of Object.entries(closers)) {
      const name = `${transport}: connect in ${phase}, close by ${closer}`;
      same(name, (net, t) => play(net, t, where(t), inPhase, closeBy));
    }
  }
}

for (const [transport, where] of transports) {
  const name = `${transport}: a server closes, and more than it accepts connect`;
  both(name, async (net, t) => {
    const accepted = [];
    const server = await listening(net, t, where(t), {}, (socket) => {
      accepted.push(socket.resume());
      if (accepted.length === 1) server.close();
    });
    const address = whereIs(server);
    const ends = Array.from({ length: 40 }, () => {
      const client = destroyAfter(t, net.connect(address));
      return recorded(client.resume(), ['connect', 'end', 'error', 'close']);
    });
    const isOpen = (events) => !events.some((event) => /^close/.test(event));
    await until(() => ends.filter(isOpen).length === accepted.length);
    // rust-net may have taken some that it then closes: on Unix that is no reset.
    for (const events of ends) {
      const cause = isOpen(events) ? events.at(-1) : events.at(-2);
      assert.match(
        cause,
        isOpen(events) ? /^connect$/ : /^(end|error ECONNRESET)$/,
      );
    }
  });
}
