'use strict';

/*
 * Moves a connection between modules with rust-net/bridge. For node:net nothing
 * happens, and the bytes must be the same.
 */

const { startReading } = require('./reading');

/** Ways that each return another socket for the same connection. */
const ways = {
  attach: ({ attach, detach }, socket) => attach(detach(socket)),
  toNode: ({ toNode }, socket) => toNode(socket),
  fromNode: ({ fromNode }, socket) => fromNode(socket),
  there: ({ fromNode, toNode }, socket) => fromNode(toNode(socket)),
};

function isMovable(endpoint) {
  const { mode, pipes, texts, plan, socket, isEnded } = endpoint;
  // A new handle would not have the state of this one's reading.
  if (endpoint.isSteered) return false;
  // The socket that takes its place is connected and emits no 'connect'.
  if (endpoint.connect && !endpoint.isReady) return false;
  // A handle in JavaScript has no descriptor to move.
  if (endpoint.game.program.servers[0].kind === 'js') return false;
  if (!['data', 'none'].includes(mode) || plan.onread) return false;
  if (pipes.size > 0 || texts.length > 0 || isEnded) return false;
  if (socket.listenerCount('drain') > 1 || socket.writableEnded) return false;
  // A pipe into it would go on writing to a socket that is gone.
  if (socket.listenerCount('unpipe') > 0) return false;
  return !socket.connecting && !socket.destroyed && endpoint.peer;
}

function take(endpoint, how, bridge) {
  const { socket } = endpoint;
  const position = endpoint.at;
  const flowing = socket.readableFlowing;
  const moved = ways[how](bridge, socket);
  endpoint.unlisten();
  socket.on('error', () => {});
  endpoint.listen(moved);
  endpoint.base = position + moved.readableLength;
  endpoint.isStopped = false;
  // Timeouts are not moved.
  endpoint.timer = 0;
  endpoint.game.moved.push(socket);
  startReading(endpoint, { mode: endpoint.mode });
  if (flowing === false) moved.pause();
}

/**
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {{ how: string }} op
 */
function move(endpoint, { how }) {
  const { bridge } = endpoint.game;
  if (!isMovable(endpoint)) return;
  endpoint.moves++;
  if (!bridge) return;
  try {
    take(endpoint, how, bridge);
  } catch (error) {
    // The bridge rejects a socket with unsent bytes, and one that is node's
    // already.
    if (!error.code && !error.message.startsWith('The socket has')) throw error;
  }
}

module.exports = { move };
