'use strict';

/*
 * Serves some sockets later, as a busy kernel or loop might. What changes with it is
 * left to chance in node, too.
 */

const { numbersFrom } = require('../../helpers/numbers');
const {
  hookConnections,
  hookNet,
  hookReads,
  hookRequests,
} = require('./hooks');

const { UV_ECONNRESET } = process.binding('uv');

/** Calls `act` some loop iterations later. */
function afterIterations(iterations, act) {
  if (iterations <= 0) act();
  else setImmediate(() => afterIterations(iterations - 1, act));
}

/** Stops reading a socket for some loop iterations. */
function holdUp(socket, iterations) {
  const handle = socket._handle;
  if (!handle?.reading || typeof handle.readStop !== 'function') return;
  handle.readStop();
  afterIterations(iterations, () => {
    if (socket._handle === handle && handle.reading) handle.readStart();
  });
}

const writes = [
  ...['writeBuffer', 'writev', 'writeUtf8String', 'writeAsciiString'],
  ...['writeLatin1String', 'writeUcs2String'],
];

/** A delay after which a server has accepted all waiting connections. */
const LAST = 100;

/**
 * Upper bounds of the delays of connects, connections, reads, writes and closes, in
 * loop iterations, and the side that they apply to. `whole`: bytes are reported
 * together with the EOF after them.
 */
const styles = [
  { connect: 4 },
  { together: true },
  { read: 4 },
  { connect: 2, read: 2 },
  { connect: 1, connection: 1, read: 1 },
  { together: true, read: 2 },
  { connection: 3 },
  { connect: 4, every: 2 },
  { connect: 4, every: -2 },
  { connect: LAST },
  { connect: LAST, together: true },
  { whole: true },
  { connect: LAST, whole: true },
  { close: 4, side: 'client' },
  { close: 4, side: 'peer' },
  { read: 3, end: 4, side: 'client' },
  { read: 3, end: 4, side: 'peer' },
  { pace: 10 },
  { pace: 10, connect: LAST },
  { write: 3 },
];

/**
 * Returns functions that choose the delay of each kind of event, in loop
 * iterations.
 */
function latenessOf(seed, below) {
  const style = styles[seed % styles.length];
  const some = (most = 0) => {
    if (most > 3) return most;
    return most > 0 ? below(2) * below(most + 2) : 0;
  };
  const isOf = (side) => !style.side || style.side === side;
  let clients = 0;
  const isChosen = () => {
    if (!style.every) return true;
    return clients++ % 2 === (style.every > 0 ? 0 : 1);
  };
  return {
    together: style.together,
    pace: style.pace ?? 1,
    whole: style.whole,
    end: (side) => (isOf(side) ? some(style.end) : 0),
    close: (side) => (isOf(side) ? some(style.close) : 0),
    connect: () => (isChosen() ? some(style.connect) : 0),
    connection: () => some(style.connection),
    write: () => some(style.write),
    read: (side) =>
      style.read && isOf(side) && below(2) ? 1 + below(style.read) : 0,
  };
}

/** Reports some connections to a server later, or several in one iteration. */
function delayConnections(server, late) {
  const waiting = [];
  const deliverAll = () => {
    for (const deliver of waiting.splice(0)) setImmediate(deliver);
  };
  hookConnections(server, (deliver) => {
    if (!late.together) {
      afterIterations(late.connection(), deliver);
      return;
    }
    waiting.push(deliver);
    if (waiting.length === 1) afterIterations(4, deliverAll);
  });
}

/**
 * Returns true for a TCP connection that was reset: it no longer has a peer.
 */
function isReset(handle) {
  return handle.constructor.name === 'TCP' && handle.getpeername({}) !== 0;
}

/** Reports its connect to a client later. */
function delayConnect(handle, late) {
  hookRequests(handle, ['connect', 'connect6'], (complete, results) => {
    const iterations = late.connect();
    afterIterations(iterations, () => {
      // A late report carries the current state of the connection.
      const isLost = iterations > 0 && results[0] === 0 && isReset(handle);
      if (isLost) results[0] = UV_ECONNRESET;
      complete(results);
    });
  });
}

/** Reports its writes to a socket later. */
function delayWrites(handle, late) {
  hookRequests(handle, writes, (complete, results) => {
    afterIterations(late.write(), () => complete(results));
  });
}

/** Reports its close to a socket later. */
function delayClose(handle, late, side) {
  for (const verb of ['close', 'reset']) {
    const original = handle[verb];
    handle[verb] = function (callback, ...rest) {
      const delivered = () =>
        afterIterations(late.close(side), () => callback?.());
      return Reflect.apply(original, this, [delivered, ...rest]);
    };
  }
}

/** Reports the last bytes to a reader together with EOF, or EOF later. */
function delayReads(socket, late, side) {
  const waiting = [];
  const deliverAll = () => {
    for (const deliver of waiting.splice(0)) setImmediate(deliver);
  };
  hookReads(socket, (code, deliver) => {
    if (!late.whole) {
      const iterations = code < 0 ? late.end(side) : 0;
      return iterations > 0 ? afterIterations(iterations, deliver) : deliver();
    }
    waiting.push(deliver);
    if (code < 0) deliverAll();
    else if (waiting.length === 1) afterIterations(2, deliverAll);
    return undefined;
  });
}

function disturbSocket(socket, side, late) {
  const maybe = () => {
    const iterations = late.read(side);
    if (iterations > 0) holdUp(socket, iterations);
  };
  maybe();
  if (side === 'peer') delayWrites(socket._handle, late);
  if (side === 'peer') delayClose(socket._handle, late, side);
  if (side === 'peer') delayReads(socket, late, side);
  socket.on('connect', () => delayReads(socket, late, side));
  for (const name of ['connect', 'drain']) socket.on(name, maybe);
  const { push } = socket;
  socket.push = function (...args) {
    maybe();
    return Reflect.apply(push, this, args);
  };
}

/**
 * @param {object} game
 * @param {number} seed
 */
function disturb(game, seed) {
  const late = latenessOf(seed, numbersFrom(seed));
  // A single connection is reported to its listener first; several are reported
  // in turn.
  if (game.program.connections.length < 2) late.connection = () => 0;
  // A program that starts and stops the handle itself would notice the delay.
  if (/"(readStart|readStop|tap)"/.test(JSON.stringify(game.program))) {
    late.read = () => 0;
  }
  // Bytes in the program's own buffer cannot be delayed.
  if (JSON.stringify(game.program).includes('"onread"')) late.whole = false;
  game.pace = late.pace;
  hookNet(game, {
    clientHandle(handle) {
      delayConnect(handle, late);
      delayWrites(handle, late);
      delayClose(handle, late, 'client');
    },
    socket: (socket, side) => disturbSocket(socket, side, late),
    listening: (server) => delayConnections(server, late),
  });
}

module.exports = { disturb, isReset };
