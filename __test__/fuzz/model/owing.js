'use strict';

/*
 * Determines what must still happen by itself. A program that stands still
 * while something is owed hangs; one that waits for itself does not.
 */

/** Returns true if arriving bytes go directly to the program. */
function isFlowing(endpoint) {
  const { socket, isStopped, plan, mode, pipes } = endpoint;
  if (isStopped || endpoint.isEnded || pipes.size > 0) return false;
  if (mode === 'iterate') return endpoint.isWaiting;
  if (plan.onread) return !socket.isPaused() && !plan.onread.refuse;
  if (mode === 'readable') return true;
  return socket.readableFlowing === true;
}

/**
 * Returns true if too little is left for a reader of `n` bytes at a time, or
 * for a whole character.
 */
function isRemainder(endpoint, left) {
  if (endpoint.textFrom !== undefined) return left < 4;
  return endpoint.mode === 'readable' && left < (endpoint.plan.reader.n ?? 1);
}

function owedToReader(endpoint) {
  if (!isFlowing(endpoint) || endpoint.socket.destroyed) return undefined;
  const { peer } = endpoint;
  const sent = endpoint.incoming();
  if (!peer || !sent || sent.pipe || sent.isMixed) return undefined;
  const left = sent.sent - endpoint.at;
  const isHere = left > 0 && !isRemainder(endpoint, left);
  if (isHere && !peer.socket.destroyed && !peer.socket.writableCorked) {
    return `${left} bytes`;
  }
  const isOver = peer.socket.destroyed || peer.socket.writableFinished;
  const isOld = peer.life > 1 || endpoint.life > 1;
  return isOver && !isOld && !isHere ? 'end' : undefined;
}

function owedToWriter(endpoint) {
  const { socket, peer, pendingCallbacks, out } = endpoint;
  if (socket.destroyed && pendingCallbacks > 0) return 'callbacks';
  if (!peer || socket.writableCorked || out.pipe) return undefined;
  if (peer.at < out.sent || peer.life > 1) return undefined;
  if (pendingCallbacks > 0) return 'callbacks';
  return socket.writableNeedDrain && socket.writableLength === 0
    ? 'drain'
    : undefined;
}

function owedToEnd(endpoint) {
  const { socket, isClosed, timer, plan } = endpoint;
  if (isClosed || !socket) return undefined;
  if (socket.connecting && !socket.destroyed) return 'connect';
  // An error without a listener is thrown in place of 'close'.
  if (socket.destroyed) return plan.isDeaf ? undefined : 'close';
  if (timer > 0) return 'timeout';
  if (socket.readableEnded && socket.writableFinished) return 'close';
  return owedToReader(endpoint) ?? owedToWriter(endpoint);
}

/**
 * @param {object} game
 * @returns {string[]} the owed events, each with its end or server
 */
function owed(game) {
  const found = [];
  for (const endpoint of game.endpoints) {
    const what = owedToEnd(endpoint);
    if (what) found.push(`${endpoint.id}: ${what}`);
  }
  for (const server of game.servers) {
    const what = server.owed();
    if (what) found.push(`${server.id}: ${what}`);
  }
  if (game.owed.size > 0) found.push('rules');
  return found;
}

module.exports = { owed };
