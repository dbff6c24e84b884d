'use strict';

// What scenarios open and close: servers, clients, and where they meet.

const path = require('node:path');

const tcp = () => ({ port: 0, host: '127.0.0.1' });
let names = 0;
const unix = ({ folder }) => ({ path: path.join(folder, `s${++names}`) });
const nextIteration = () => new Promise((resolve) => setImmediate(resolve));

/** Where a client finds this server; null where the system does not tell. */
function whereIs({ track }, server, where) {
  if (where.path || where.fd) return where;
  try {
    return { port: server.address().port, host: where.host };
  } catch (error) {
    track.told('address', error);
    return null;
  }
}

/** A listening server and where it is, or nothing where it could not be had. */
function listen(context, options, onConnection, where, module = context.net) {
  const { track } = context;
  if (where.path) track.hasNoReset = true;
  const server = module.createServer(options, onConnection);
  track.server('server', server);
  return new Promise((resolve) => {
    server.once('error', () => {
      if (server.listening) return;
      track.forget(server);
      resolve(undefined);
    });
    server.listen(where, () => {
      const at = whereIs(context, server, where);
      if (at !== null) return resolve({ server, at });
      server.close();
      resolve(undefined);
    });
  });
}

function connect({ net, track }, name, options, module = net) {
  return track.socket(name, module.connect(options));
}

/** Resolves when a socket has closed, with or without an error. */
const closed = (socket) =>
  socket.closed
    ? Promise.resolve()
    : new Promise((resolve) => socket.once('close', resolve));

/** Closes a server when all of these sockets are closed. */
async function closeAfter(server, ...sockets) {
  await Promise.all(sockets.map(closed));
  server.close();
}

module.exports = {
  closeAfter,
  closed,
  connect,
  listen,
  nextIteration,
  tcp,
  unix,
};
