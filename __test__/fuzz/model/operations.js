'use strict';

/*
 * The operations of an end. Each is a name in a program's JSON.
 */

const { addressFacts, errorFacts } = require('./facts');
const { move } = require('./moving');
const { setEncoding, startReading, stopReading } = require('./reading');
const { writing } = require('./writing');

/** Returns an error of the program's own. */
function ownError() {
  return Object.assign(new Error('of the program'), { code: 'EOWN' });
}

function abruptly(endpoint, act) {
  endpoint.isAbrupt = true;
  if (endpoint.peer) endpoint.peer.isAbrupt = true;
  endpoint.game.noteAddress(endpoint);
  act(endpoint.socket);
}

function unshift(endpoint, { n }) {
  const sent = endpoint.incoming();
  const size = Math.min(n, endpoint.at);
  const bytes = sent?.slice(endpoint.at - size, size);
  if (!bytes || endpoint.texts.length > 0 || endpoint.isEnded) return;
  if (bytes.length !== size || endpoint.socket.destroyed) return;
  endpoint.at -= size;
  endpoint.socket.unshift(bytes);
}

/** Returns true if bytes that `from` sends reach `to`, also through pipes. */
function leadsTo(from, to, seen = new Set()) {
  const { peer } = from;
  if (!peer || seen.has(peer)) return false;
  if (peer === to) return true;
  seen.add(peer);
  return [...peer.targets].some((target) => leadsTo(target, to, seen));
}

/** Returns an end of any connection, and notes whether it was accepted yet. */
function targetOf(endpoint, id) {
  const { game } = endpoint;
  const target = game.endpointOf(id);
  game.targets.push(`${endpoint.id} ${id} ${Boolean(target?.socket)}`);
  return target;
}

function pipe(endpoint, { to, end = true, keep }) {
  const target = targetOf(endpoint, to);
  if (!target?.socket || endpoint.texts.length > 0) return;
  if (endpoint.textFrom !== undefined || endpoint.plan.onread) return;
  if (!['data', 'none'].includes(endpoint.mode)) return;
  // Skip a pipe that would make a cycle.
  if (leadsTo(target, endpoint)) return;
  endpoint.targets.add(target);
  if (!keep) stopReading(endpoint);
  target.out.pipeFrom(endpoint, endpoint.position());
  if (!keep) endpoint.pipes.add(target);
  endpoint.socket.pipe(target.socket, { end });
  endpoint.hasSeenData = true;
  const finish = () => closePipe(endpoint, target);
  endpoint.socket.once('end', finish);
}

function closePipe(endpoint, target) {
  const to = endpoint.position();
  if (target.out.pipe?.source === endpoint) target.out.endPipe(to);
  if (endpoint.pipes.delete(target)) endpoint.at = to;
}

function unpipe(endpoint, { to }) {
  const target = endpoint.game.endpointOf(to);
  if (!target || !endpoint.pipes.has(target)) return;
  endpoint.socket.unpipe(target.socket);
  closePipe(endpoint, target);
  startReading(endpoint, { mode: 'data' });
}

function setTimer(endpoint, { ms, kills }) {
  const { socket } = endpoint;
  endpoint.timer = ms;
  endpoint.note(`setTimeout ${socket.setTimeout(ms) === socket}`);
  if (!kills) return;
  socket.once('timeout', () => abruptly(endpoint, () => socket.destroy()));
}

/** Records what the handle reports to its owner, before the stream. */
function tap(endpoint) {
  const handle = endpoint.socket._handle;
  if (!handle) return;
  const { onread } = handle;
  const codeOf = handle.codeOf ?? endpoint.game.codeOf;
  handle.onread = function (...args) {
    const code = codeOf();
    if (code < 0) endpoint.note(`handle read ${code}`);
    return Reflect.apply(onread, this, args);
  };
}

function onHandle(verb, isStopped) {
  return (endpoint) => {
    const handle = endpoint.socket._handle;
    if (!handle || endpoint.socket.connecting || endpoint.moves > 0) return;
    endpoint.isStopped = isStopped;
    endpoint.isSteered = true;
    endpoint.note(`${verb} ${handle[verb]()}`);
  };
}

function connectAgain(endpoint) {
  if (!endpoint.connect || !endpoint.isClosed || endpoint.life > 2) return;
  endpoint.checkTexts();
  endpoint.checkEnd();
  endpoint.begin();
  endpoint.note('connect again');
  endpoint.connect(endpoint.socket);
  startReading(endpoint, { mode: 'none' });
}

/** Destroys several sockets at once; they then close in this order. */
function destroyAll(endpoint, { ids }) {
  const { game } = endpoint;
  const closed = [];
  game.closings.push(closed);
  for (const id of ids) {
    const one = game.endpointOf(id);
    if (!one?.socket || one.socket.destroyed) continue;
    const how = one.socket.connecting ? ' before it connected' : '';
    one.socket.once('close', () => closed.push(one.id + how));
    abruptly(one, (socket) => socket.destroy());
  }
}

const plain = {
  destroy: (endpoint, { error }) =>
    abruptly(endpoint, (socket) => socket.destroy(error && ownError())),
  resetAndDestroy: (endpoint) =>
    abruptly(endpoint, (socket) => socket.resetAndDestroy()),
  destroySoon: (endpoint) =>
    abruptly(endpoint, (socket) => socket.destroySoon()),
  abort: (endpoint) => abruptly(endpoint, () => endpoint.abort?.abort()),
  pause: ({ socket }) => socket.pause(),
  resume: ({ socket }) => socket.resume(),
  ref: ({ socket }) => socket.ref(),
  unref: ({ socket }) => socket.unref(),
  setNoDelay: ({ socket }, { on }) => socket.setNoDelay(on),
  setKeepAlive: ({ socket }, { on }) => socket.setKeepAlive(on, 1000),
  setEncoding: (endpoint, { encoding }) => setEncoding(endpoint, encoding),
  read: (endpoint, { n }) => {
    const chunk = endpoint.socket.read(n);
    // If there is a listener, the chunk is also emitted as 'data'.
    if (chunk !== null && !endpoint.onData) endpoint.received(chunk);
  },
  throw: () => {
    throw Object.assign(ownError(), { isMeant: true });
  },
  mark: (endpoint, { at, id }) => {
    const name = `mark ${at} ${id}`;
    endpoint.run({ at, name, do: [{ op: 'note', text: name }] });
  },
  fire: (endpoint, { on }) => endpoint.fire(on),
  note: (endpoint, { text }) => endpoint.note(text),
  probe: (endpoint) =>
    endpoint.note(`probe ${addressFacts(endpoint.socket, endpoint.game)}`),
  closeServer: ({ game }, { server }) => game.servers[server]?.close(),
  countConnections: ({ game }, { server }) => game.servers[server]?.count(),
  listenAgain: ({ game }, { server }) => game.servers[server]?.listen(),
  blockServer: ({ game }, { server }) => game.servers[server]?.setBlocking(),
};

/** The operations by name: `(endpoint, op) => void`. */
const operations = {
  ...plain,
  ...writing,
  connectAgain,
  destroyAll,
  move,
  pipe,
  readStart: onHandle('readStart', false),
  readStop: onHandle('readStop', true),
  setTimeout: setTimer,
  tap,
  unpipe,
  unshift,
};

/**
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {{ op: string }} op
 */
function operate(endpoint, op) {
  if (!endpoint.socket) return;
  try {
    operations[op.op](endpoint, op);
  } catch (error) {
    if (/** @type {any} */ (error).isMeant) throw error;
    if (error instanceof TypeError && !error.code) throw error;
    endpoint.note(`${op.op} threw ${errorFacts(error, endpoint.game)}`);
  }
}

module.exports = { operate, operations };
