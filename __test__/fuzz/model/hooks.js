'use strict';

/*
 * Gets at the handles of the sockets and servers that a program makes by node:net.
 */

const binding = process.binding('stream_wrap');
const state = binding.streamBaseState;

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

/**
 * @typedef {object} Hooks
 * @property {(handle: any, socket: any) => void} clientHandle sees each handle
 *   that a client gets, before it connects
 * @property {(socket: any, side: 'client' | 'peer', endpoint: any) => void} socket
 *   sees each socket when the program begins to listen to it
 * @property {(server: any) => void} [listening] sees a server that listens
 */

/**
 * Puts a net in the game's place that shows what it makes.
 *
 * @param {object} game
 * @param {Hooks} hooks
 */
function hookNet(game, hooks) {
  const { net } = game;
  const clients = new WeakSet();
  const made = (options) => {
    const socket = new net.Socket(options);
    onHandle(net, socket, (handle) => hooks.clientHandle(handle, socket));
    clients.add(socket);
    return socket;
  };
  const connect = (options) => made(options).connect(options);
  // A method would be no constructor, and programs say `new`.
  const Socket = function (options) {
    return options?.handle ? new net.Socket(options) : made(options);
  };
  game.watch = (socket, endpoint) => {
    hooks.socket(socket, clients.has(socket) ? 'client' : 'peer', endpoint);
  };
  game.net = {
    ...{ ...net, connect, createConnection: connect, Socket },
    createServer(options) {
      const server = net.createServer(options);
      server.on('listening', () => hooks.listening?.(server));
      return server;
    },
  };
}

/**
 * Has a function called in place of each request's completion.
 *
 * @param {any} handle
 * @param {string[]} verbs that take the request as their first argument
 * @param {(complete: Function, results: any[]) => void} told calls
 *   `complete(results)`, now or later
 */
function hookRequests(handle, verbs, told) {
  for (const verb of verbs) {
    const original = handle[verb];
    if (!original) continue;
    handle[verb] = function (req, ...args) {
      const { oncomplete } = req;
      req.oncomplete = function (...results) {
        told((last) => Reflect.apply(oncomplete, this, last), results);
      };
      return Reflect.apply(original, this, [req, ...args]);
    };
  }
}

/**
 * Has a function called in place of a listener for connections. One that is told when
 * the server is closed is closed, too.
 *
 * @param {any} server that listens
 * @param {(tell: () => void) => void} told
 */
function hookConnections(server, told) {
  const handle = server._handle;
  const { onconnection } = handle;
  handle.onconnection = function (...args) {
    told(() => {
      if (server._handle) Reflect.apply(onconnection, handle, args);
      else (args[1]?.reset ?? args[1]?.close)?.call(args[1], () => {});
    });
  };
}

/**
 * Has a function called in place of the reader of a socket's handle.
 *
 * @param {any} socket
 * @param {(code: number, tell: () => any) => any} told gets how much was read, or
 *   the negative errno, and calls `tell`, now or later; of the program's own
 *   buffers the next is what `tell` returns
 */
function hookReads(socket, told) {
  const handle = socket._handle;
  if (!handle?.onread) return;
  const { onread } = handle;
  handle.onread = function (...args) {
    const code = state[binding.kReadBytesOrError];
    const offset = state[binding.kArrayBufferOffset];
    return told(code, () => {
      if (socket._handle !== handle) return undefined;
      state[binding.kReadBytesOrError] = code;
      state[binding.kArrayBufferOffset] = offset;
      return Reflect.apply(onread, handle, args);
    });
  };
}

module.exports = { hookConnections, hookNet, hookReads, hookRequests };
