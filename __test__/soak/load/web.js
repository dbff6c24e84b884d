'use strict';

/*
 * A connection of the soak that is an HTTP request: its body goes to the server, and
 * then the body of the response comes back.
 */

const { receive, send } = require('./exchange');

/** Cuts a request or a response off. */
function cut(message, { end, transport }) {
  const { socket } = message;
  const isReset = end.how === 'reset' && transport === 'tcp';
  if (socket && isReset && !socket.writableEnded) socket.resetAndDestroy();
  else message.destroy();
}

/**
 * Makes the request of a plan.
 *
 * @param {import('node:http')} http
 * @param {import('./state').State} state
 * @param {object} options of `http.request`
 * @param {(state: import('./state').State) => void} closed
 */
function ask(http, state, options, closed) {
  const { plan } = state;
  const request = http.request({ ...options, method: 'POST' });
  const progress = () => {
    if (state.isCut || !state.isDue || request.destroyed) return;
    state.isCut = true;
    cut(request, plan);
  };
  let left = 1;
  // The request may close while the last of the response is still to be read.
  const leave = () => {
    if (--left === 0) closed(state);
  };
  const fail = ({ code }) => (state.error ??= code);
  request.on('error', fail).on('close', leave);
  request.on('finish', () => (state.finished = true));
  request.on('response', (response) => {
    left++;
    response.on('error', fail).on('close', leave);
    response.on('end', () => (state.ended = response.complete));
    receive(response, state, progress);
  });
  send(request, state, progress, () => request.end());
  progress();
}

/** Reads a request and answers it. */
function answer(request, response, state, closed) {
  const { plan } = state;
  const progress = () => {
    if (state.isCut || !state.isDue || response.destroyed) return;
    state.isCut = true;
    cut(response, plan);
  };
  const fail = ({ code }) => (state.error ??= code);
  request.on('error', fail);
  response.on('error', fail).on('close', () => closed(state));
  response.on('finish', () => (state.finished = true));
  request.on('end', () => {
    state.ended = request.complete;
    if (plan.id % 3 === 0) response.setHeader('content-length', plan.sizes[1]);
    if (state.received !== state.expected) return;
    send(response, state, progress, () => response.end());
  });
  receive(request, state, progress);
  progress();
}

/**
 * Makes a server that waits for as long as the peer is stopped.
 *
 * @param {import('node:http')} http
 * @param {(request: object, response: object) => void} onRequest
 */
function createServer(http, onRequest) {
  const server = http.createServer(onRequest);
  server.keepAliveTimeout = 0;
  server.headersTimeout = 0;
  server.requestTimeout = 0;
  return server;
}

module.exports = { answer, ask, createServer };
