'use strict';

/*
 * The ways to write. Each writes all of `chunks` to a socket and calls `done`
 * when there is nothing more to write, which may be before everything was sent.
 */

/** Writes one chunk; returns true if more may follow at once. */
function put(socket, chunks, callback) {
  const { value, encoding } = chunks.next();
  return encoding === undefined
    ? socket.write(value, callback)
    : socket.write(value, encoding, callback);
}

/** Writes up to `count` chunks; the last has the callback. */
function putMany(socket, chunks, count, callback) {
  let isFree = true;
  for (let left = Math.min(count, chunks.left); left > 0; left--) {
    isFree = put(socket, chunks, left === 1 ? callback : undefined);
  }
  return isFree;
}

/** Calls `step` repeatedly, and waits for 'drain' when it returns false. */
function untilDone(socket, chunks, done, step) {
  function pump() {
    while (chunks.left > 0) {
      if (!step()) return;
    }
    socket.off('drain', pump);
    done();
  }
  socket.on('drain', pump);
  pump();
}

const writers = {
  /** Writes each chunk in the callback of the one before. */
  callback(socket, chunks, done) {
    const step = () => {
      if (chunks.left > 0) put(socket, chunks, step);
      else done();
    };
    step();
  },

  /** Writes until write() returns false, and again after 'drain'. */
  drain: (socket, chunks, done) =>
    untilDone(socket, chunks, done, () => put(socket, chunks)),

  /**
   * Writes `burst` chunks in one tick, and the next ones after the callback of
   * the last.
   */
  burst(socket, chunks, done, { burst }) {
    const step = () => {
      if (chunks.left > 0) putMany(socket, chunks, burst, step);
      else done();
    };
    step();
  },

  /** Writes `burst` chunks between cork() and uncork(), by 'drain'. */
  cork: (socket, chunks, done, { burst }) =>
    untilDone(socket, chunks, done, () => {
      socket.cork();
      const isFree = putMany(socket, chunks, burst);
      socket.uncork();
      return isFree;
    }),
};

module.exports = { writers };
