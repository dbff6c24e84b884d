'use strict';

/*
 * Sends and receives what a plan says, on one side of a stream.
 */

const { numbersFrom } = require('../../helpers/numbers');
const { bytesAt } = require('./pattern');

const LONGEST = 60_000;

/**
 * How the bytes are written. Each calls `take` for the next piece until there is none,
 * and then `done`.
 */
const writers = {
  whole(stream, take, done) {
    for (let piece = take(); piece; piece = take()) stream.write(piece);
    done();
  },
  drain(stream, take, done) {
    let piece;
    while ((piece = take())) {
      if (stream.write(piece)) continue;
      return void stream.once('drain', () => writers.drain(stream, take, done));
    }
    return done();
  },
  text(stream, take, done) {
    const text = () => take()?.toString('latin1');
    const write = (piece) => stream.write(piece, 'latin1');
    const once = (...args) => stream.once(...args);
    writers.drain({ write, once }, text, done);
  },
  callback(stream, take, done) {
    const piece = take();
    if (!piece) return void done();
    stream.write(piece, (error) => {
      if (!error) writers.callback(stream, take, done);
    });
  },
  list(stream, take, done) {
    const pieces = [take(), take(), take()].filter((piece) => piece);
    if (pieces.length === 0) return void done();
    stream.cork();
    const accepted = pieces.map((piece) => stream.write(piece)).at(-1);
    stream.uncork();
    const next = () => writers.list(stream, take, done);
    if (accepted) next();
    else stream.once('drain', next);
  },
};

/** How the bytes are read. Each calls `receive` with what comes. */
const readers = {
  data(stream, receive) {
    stream.on('data', receive);
    // The stream may be paused, by pauseOnConnect.
    stream.resume();
  },
  readable(stream, receive) {
    const read = () => {
      for (let chunk; (chunk = stream.read()) !== null;) receive(chunk);
    };
    stream.on('readable', read);
    // What is there already is not announced, if another listener left just now.
    read();
  },
  pauses(stream, receive, below) {
    readers.data(stream, (chunk) => {
      receive(chunk);
      if (below(3) > 0 || stream.destroyed) return;
      stream.pause();
      setTimeout(() => stream.resume(), below(5));
    });
  },
};

/** Returns the next random numbers of one side. */
const numbersOf = ({ plan, side }) => numbersFrom(2 * plan.id + side);

/**
 * Writes what a side sends.
 *
 * @param {import('node:stream').Writable} stream
 * @param {import('./state').State} state
 * @param {() => void} progress called after each piece is taken
 * @param {() => void} done called when the last piece was written
 */
function send(stream, state, progress, done) {
  const { plan, side } = state;
  const [size, flow] = [plan.sizes[side], plan.flows[side]];
  const below = numbersOf(state);
  const longest = Math.max(100, Math.min(LONGEST, size >> 2));
  const take = () => {
    const left = size - state.sent;
    if (left === 0 || stream.destroyed || state.isCut) return undefined;
    const piece = bytesAt(flow, state.sent, Math.min(left, 1 + below(longest)));
    state.sent += piece.length;
    // Later, as the piece is not written yet.
    if (plan.end.by === side) queueMicrotask(progress);
    return piece;
  };
  writers[plan.sides[side].write](stream, take, () => {
    if (!stream.destroyed && !state.isCut) done();
  });
}

/**
 * Reads and checks what a side receives.
 *
 * @param {import('node:stream').Readable} stream
 * @param {import('./state').State} state
 * @param {() => void} progress called after each chunk
 */
function receive(stream, state, progress) {
  const read = readers[state.plan.sides[state.side].read];
  const take = (chunk) => {
    state.receive(chunk);
    progress();
  };
  read(stream, take, numbersOf(state));
}

/**
 * Cuts a connection off, with a reset if the plan says so. After `end()` node:net
 * reports EINVAL for a reset, and then no 'close'.
 */
function cut(socket, { end, transport }) {
  const isReset = end.how === 'reset' && transport === 'tcp';
  if (isReset && !socket.writableEnded) socket.resetAndDestroy();
  else socket.destroy();
}

/** Notes what happens to a socket, and calls `closed` at its end. */
function watch(socket, state, closed) {
  socket.on('end', () => (state.ended = true));
  socket.on('finish', () => (state.finished = true));
  socket.on('error', ({ code }) => (state.error = code));
  socket.on('close', () => closed(state));
}

/** Sends and receives on a socket; the caller watches it. */
function exchange(socket, state) {
  const { plan, side } = state;
  const start = () =>
    send(socket, state, progress, () => {
      // In turns, side 0 closes by itself when the other side has.
      if (plan.style === 'both' || side === 1) socket.end();
    });
  let isWaiting = plan.style === 'turns' && side === 1;
  function progress() {
    if (socket.destroyed) return;
    if (state.isCut) return;
    if (state.isDue) {
      state.isCut = true;
      return void cut(socket, plan);
    }
    if (!isWaiting || state.received < state.expected) return;
    isWaiting = false;
    start();
  }
  socket.on('end', () => {
    // The other side was cut off, and nothing more comes.
    if (isWaiting && !state.isCut) socket.end();
  });
  receive(socket, state, progress);
  if (!isWaiting) start();
  progress();
}

module.exports = { cut, exchange, receive, send, watch };
