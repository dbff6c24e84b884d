'use strict';

/*
 * The accepting side of a connection of the soak: reads which connection it is, and
 * does what the plan says.
 */

const { numbersFrom } = require('../../helpers/numbers');
const { cut, exchange, watch } = require('./exchange');

/** The number of the connection, and that of the process that connects. */
const HEADER = 8;

/** Returns the first bytes of a connection. */
function headerOf(id, generation) {
  const header = Buffer.alloc(HEADER);
  header.writeUInt32LE(id, 0);
  header.writeUInt32LE(generation, 4);
  return header;
}

function echo(socket) {
  socket.on('data', (chunk) => {
    if (socket.write(chunk)) return;
    socket.pause();
    socket.once('drain', () => socket.resume());
  });
  socket.on('end', () => socket.end());
  socket.resume();
}

/**
 * Joins two sockets. One that does not end clean ends the other; after one that does,
 * the rest of the other is read, as pipe() no longer does it.
 */
function relay(near, far) {
  near.pipe(far).pipe(near);
  for (const [one, other] of [
    [near, far],
    [far, near],
  ]) {
    one.on('close', () => {
      if (one.readableEnded && one.writableFinished) other.resume();
      else other.destroy();
    });
  }
}

/** Cuts an echo off after a random time, if the plan says so. */
function cutLater(socket, { plan, side }) {
  if (plan.end.by !== side) return;
  const below = numbersFrom(plan.id);
  setTimeout(() => cut(socket, plan), below(10));
}

/** What the accepting side does with a connection, by its kind. */
const works = {
  exchange,
  echo(socket, state) {
    echo(socket);
    cutLater(socket, state);
  },
  pipe(socket, state) {
    socket.pipe(socket);
    cutLater(socket, state);
  },
  relay(socket, state, { context, generation }) {
    const { plan } = state;
    const far = context.connect(plan, generation);
    const farState = context.enter(plan, 1, { generation, passes: true });
    watch(far, farState, () => context.ledger.leave(farState));
    far.write(headerOf(plan.id, generation));
    relay(socket, far);
  },
};

/** Calls `found` with the header, or `lost` with the reason why there is none. */
function readHeader(socket, found, lost) {
  const listeners = {
    readable() {
      const header = socket.read(HEADER);
      if (header === null) return;
      leave();
      found(header.readUInt32LE(0), header.readUInt32LE(4));
    },
    error: ({ code }) => lost(code),
    end() {
      lost('end');
      socket.destroy();
    },
  };
  const names = Object.keys(listeners);
  const leave = () =>
    names.forEach((name) => socket.off(name, listeners[name]));
  for (const name of names) socket.on(name, listeners[name]);
}

/**
 * Serves a connection.
 *
 * @param {import('node:net').Socket} socket
 * @param {object} context
 * @param {boolean} isSubject false in a peer, which takes part in every exchange
 */
function accept(socket, context, isSubject) {
  const { ledger } = context;
  ledger.connections++;
  context.track(socket);
  const lost = (reason) => {
    ledger.nameless[reason] = (ledger.nameless[reason] ?? 0) + 1;
  };
  readHeader(
    socket,
    (id, generation) => {
      const plan = context.planOf(id);
      const kind = isSubject ? plan.kind : 'exchange';
      const passes = kind !== 'exchange';
      const state = context.enter(plan, 1, { generation, passes });
      watch(socket, state, () => ledger.leave(state));
      works[kind](socket, state, { context, generation });
    },
    lost,
  );
}

module.exports = { accept, headerOf };
