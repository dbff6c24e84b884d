'use strict';

/*
 * The ways to write: each writes all of `chunks` to a socket and then calls
 * `done`, when there is nothing more to write (not when everything has left).
 */

/** Writes one chunk; true where more may follow at once. */
function put(socket, chunks, callback) {
  const { value, encoding } = chunks.next();
  return encoding === undefined
    ? socket.write(value, callback)
    : socket.write(value, encoding, callback);
}

/** Up to `count` of them; the last has the callback. */
function putMany(socket, chunks, count, callback) {
  let isFree = true;
  for (let left = Math.min(count, chunks.left); left > 0; left--) {
    isFree = put(socket, chunks, left === 1 ? callback : undefined);
  }
  return isFree;
}

/** Calls `step` again and again, after 'drain' where it returns false. */
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
  /** The next in the callback of the one before. */
  callback(socket, chunks, done) {
    const step = () => {
      if (chunks.left > 0) put(socket, chunks, step);
      else done();
    };
    step();
  },

  /** Until write() says false, and again after 'drain'. */
  drain: (socket, chunks, done) =>
    untilDone(socket, chunks, done, () => put(socket, chunks)),

  /** So many in one tick, and again after the callback of the last. */
  burst(socket, chunks, done, { burst }) {
    const step = () => {
      if (chunks.left > 0) putMany(socket, chunks, burst, step);
      else done();
    };
    step();
  },

  /** So many between cork() and uncork(), by 'drain'. */
  cork: (socket, chunks, done, { burst }) =>
    untilDone(socket, chunks, done, () => {
      socket.cork();
      const isFree = putMany(socket, chunks, burst);
      socket.uncork();
      return isFree;
    }),
};

module.exports = { writers };
