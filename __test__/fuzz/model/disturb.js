'use strict';

/*
 * Serves sockets later now and then, as a busy kernel or a loop might: what
 * changes by that is left to chance in node, too.
 */

const { numbersFrom } = require('../address');

/** Some iterations of the loop later. */
function afterIterations(iterations, act) {
  if (iterations <= 0) act();
  else setImmediate(() => afterIterations(iterations - 1, act));
}

/** Keeps a socket from being read for some iterations of the loop. */
function holdUp(socket, iterations) {
  const handle = socket._handle;
  if (!handle?.reading || typeof handle.readStop !== 'function') return;
  handle.readStop();
  afterIterations(iterations, () => {
    if (socket._handle === handle && handle.reading) handle.readStart();
  });
}

/** How late connects and connections are, and reads: in iterations, at most. */
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
];

/** Says of each thing of a kind by how many iterations it is late. */
function latenessOf(seed, below) {
  const style = styles[seed % styles.length];
  const some = (most = 0) => {
    if (most > 3) return most;
    return most > 0 ? below(2) * below(most + 2) : 0;
  };
  let clients = 0;
  const isChosen = () => {
    if (!style.every) return true;
    return clients++ % 2 === (style.every > 0 ? 0 : 1);
  };
  return {
    together: style.together,
    connect: () => (isChosen() ? some(style.connect) : 0),
    connection: () => some(style.connection),
    read: () => (style.read && below(2) ? 1 + below(style.read) : 0),
  };
}

/** A server hears of some connections later, or of several in one iteration. */
function delayConnections(server, late) {
  const handle = server._handle;
  const { onconnection } = handle;
  const waiting = [];
  const tell = (args) => {
    if (server._handle) Reflect.apply(onconnection, handle, args);
    else (args[1]?.reset ?? args[1]?.close)?.call(args[1], () => {});
  };
  const tellAll = () => {
    for (const args of waiting.splice(0)) setImmediate(() => tell(args));
  };
  handle.onconnection = function (...args) {
    if (!late.together) {
      afterIterations(late.connection(), () => tell(args));
      return;
    }
    waiting.push(args);
    if (waiting.length === 1) afterIterations(4, tellAll);
  };
}

/** A client hears of its connect later. */
function delayConnect(handle, late) {
  for (const verb of ['connect', 'connect6']) {
    const original = handle[verb];
    if (!original) continue;
    handle[verb] = function (req, ...args) {
      const { oncomplete } = req;
      req.oncomplete = function (...results) {
        afterIterations(late.connect(), () => {
          Reflect.apply(oncomplete, this, results);
        });
      };
      return Reflect.apply(original, this, [req, ...args]);
    };
  }
}

/** Sees each handle that the socket gets. */
function onHandle(net, socket, listener) {
  const { prototype } = net.Socket;
  const { get, set } = Object.getOwnPropertyDescriptor(prototype, '_handle');
  Object.defineProperty(socket, '_handle', {
    get,
    set(value) {
      set.call(this, value);
      if (value) listener(value);
    },
    configurable: true,
  });
}

function disturbedClient(net, late) {
  return (options) => {
    const socket = new net.Socket(options);
    onHandle(net, socket, (handle) => delayConnect(handle, late));
    return socket;
  };
}

/**
 * @param {object} game
 * @param {number} seed
 */
function disturb(game, seed) {
  const late = latenessOf(seed, numbersFrom(seed));
  // One alone is told to its listener first; with several a listener takes turns.
  if (game.program.connections.length < 2) late.connection = () => 0;
  // A program that starts and stops the handle itself would see it.
  if (/"(readStart|readStop|tap)"/.test(JSON.stringify(game.program))) {
    late.read = () => 0;
  }
  const { net } = game;
  const made = disturbedClient(net, late);
  game.watch = (socket) => {
    const maybe = () => {
      const iterations = late.read();
      if (iterations > 0) holdUp(socket, iterations);
    };
    maybe();
    for (const name of ['connect', 'drain']) socket.on(name, maybe);
    const { push } = socket;
    socket.push = function (...args) {
      maybe();
      return Reflect.apply(push, this, args);
    };
  };
  const connect = (options) => made(options).connect(options);
  game.net = {
    ...net,
    connect,
    createConnection: connect,
    Socket(options) {
      return options?.handle ? new net.Socket(options) : made(options);
    },
    createServer(options) {
      const server = net.createServer(options);
      server.on('listening', () => delayConnections(server, late));
      return server;
    },
  };
}

module.exports = { disturb };
