'use strict';

/*
 * One end writes and the other reads until the end. `from` names the writer.
 */

const ends = require('./ends');
const { chunks } = require('./content');
const { readers } = require('./read');
const { writers } = require('./write');

/**
 * Writes a connection's share of the row and ends it; calls `done` when it has
 * closed.
 */
function send({ socket, run }, done) {
  const { write, writes } = run.row;
  const source = chunks(write, run.part(writes));
  const counted = {
    get left() {
      return source.left;
    },
    next() {
      const chunk = source.next();
      run.sent += chunk.length;
      return chunk;
    },
  };
  // The EOF of the reader must be read, too.
  socket.resume();
  socket.on('close', () => done());
  writers[write.api](socket, counted, () => socket.end(), write);
}

function start(run, isWriter) {
  let left = run.lanes.length;
  const checks = [];
  const done = (check) => {
    if (check) checks.push(check);
    if (--left === 0) run.end({}, checks);
  };
  for (const lane of run.lanes) {
    if (isWriter) send(lane, done);
    else readers[run.row.read.api](lane.socket, lane.take, done);
  }
}

class Listener extends ends.Listener {
  start(run) {
    start(run, this.row.from === this.end);
  }
}

class Connector extends ends.Connector {
  start(run) {
    start(run, this.row.from === this.end);
  }
}

module.exports = { Connector, Listener };
