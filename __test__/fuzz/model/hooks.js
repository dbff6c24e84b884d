'use strict';

/*
 * Hooks the handles of the sockets and servers that a program makes with node:net.
 */

const binding = process.binding('stream_wrap');
const state = binding.streamBaseState;

/** Calls `listener` with each handle that the socket gets. */
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
 * Replaces the game's net with one that shows the sockets and servers it makes.
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

/** Hooks a request that a write returns, as in newer Nodes: it gets its callback later. */
function hookResult(req, hook) {
  if (typeof req !== 'object') return req;
  let complete;
  Object.defineProperty(req, 'oncomplete', {
    get: () => complete,
    set(oncomplete) {
      complete = function (...results) {
        hook((last) => Reflect.apply(oncomplete, this, last), results);
      };
    },
  });
  return req;
}

/**
 * Calls a function in place of each request's completion.
 *
 * @param {any} handle
 * @param {string[]} verbs that take the request as their first argument
 * @param {(complete: Function, results: any[]) => void} hook calls
 *   `complete(results)`, now or later
 */
function hookRequests(handle, verbs, hook) {
  for (const verb of verbs) {
    const original = handle[verb];
    if (!original) continue;
    handle[verb] = function (req, ...args) {
      if (req === null) {
        return hookResult(Reflect.apply(original, this, [req, ...args]), hook);
      }
      const { oncomplete } = req;
      req.oncomplete = function (...results) {
        hook((last) => Reflect.apply(oncomplete, this, last), results);
      };
      return Reflect.apply(original, this, [req, ...args]);
    };
  }
}

/**
 * Calls a function in place of a server's connection callback. A connection that is
 * delivered after the server has closed is closed, too.
 *
 * @param {any} server that listens
 * @param {(deliver: () => void) => void} hook
 */
function hookConnections(server, hook) {
  const handle = server._handle;
  const { onconnection } = handle;
  handle.onconnection = function (...args) {
    hook(() => {
      if (server._handle) Reflect.apply(onconnection, handle, args);
      else (args[1]?.reset ?? args[1]?.close)?.call(args[1], () => {});
    });
  };
}

/**
 * Calls a function in place of the read callback of a socket's handle.
 *
 * @param {any} socket
 * @param {(code: number, deliver: () => any) => any} hook gets the number of bytes, or
 *   the negative errno, and calls `deliver`, now or later; of the program's own
 *   buffers the next is what `deliver` returns
 */
function hookReads(socket, hook) {
  const handle = socket._handle;
  if (!handle?.onread) return;
  const { onread } = handle;
  handle.onread = function (...args) {
    const code = state[binding.kReadBytesOrError];
    const offset = state[binding.kArrayBufferOffset];
    return hook(code, () => {
      if (socket._handle !== handle) return undefined;
      state[binding.kReadBytesOrError] = code;
      state[binding.kArrayBufferOffset] = offset;
      return Reflect.apply(onread, handle, args);
    });
  };
}

module.exports = { hookConnections, hookNet, hookReads, hookRequests };
