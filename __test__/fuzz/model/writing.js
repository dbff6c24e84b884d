'use strict';

/*
 * The operations that write.
 */

const { makeChunk } = require('./data');
const { errorFacts } = require('./facts');

/** Describes how a callback was called. */
function outcomeOf(endpoint, error) {
  return error ? errorFacts(error, endpoint.game) : 'well';
}

/**
 * Returns a callback that must be called once, in order.
 *
 * @param {import('./endpoint').Endpoint} endpoint
 * @param {string} name in the log
 * @param {(error?: Error) => void} [after]
 */
function callbackOf(endpoint, name, after) {
  let calls = 0;
  const { life } = endpoint;
  if (life === endpoint.life) endpoint.pendingCallbacks++;
  return (error) => {
    calls++;
    if (calls > 1) endpoint.violation(`${name} is called back twice`);
    if (life === endpoint.life) endpoint.pendingCallbacks--;
    endpoint.game.delivered(endpoint.who, name);
    endpoint.note(`${name} called ${outcomeOf(endpoint, error)}`);
    after?.(error);
  };
}

/** Writes one chunk and records the expected bytes. */
function put(endpoint, op, callback, verb = 'write') {
  const { socket, out } = endpoint;
  const { chunk, encoding, bytes, spoil } = makeChunk(out, op);
  const isOpen = socket.writable && !socket.writableEnded;
  if (isOpen) out.append(bytes);
  const until = out.total;
  const args = encoding ? [chunk, encoding] : [chunk];
  if (callback) {
    args.push((error) => {
      if (!error && !out.isMixed) out.acknowledged = until;
      if (!error) spoil?.();
      callback(error);
    });
  }
  return socket[verb](...args);
}

function write(endpoint, op) {
  const name = `write ${op.id}`;
  const then = () => {
    for (const next of op.then ?? []) endpoint.game.operate(endpoint, next);
  };
  const callback = op.cb ? callbackOf(endpoint, name, then) : undefined;
  const result = put(endpoint, op, callback);
  endpoint.note(`${name} ${result}`);
}

/** Writes many chunks at once, the last with a callback. */
function burst(endpoint, op) {
  let full = 0;
  const callback = callbackOf(endpoint, `burst ${op.id}`);
  for (let i = 1; i < op.n; i++) if (!put(endpoint, op)) full++;
  put(endpoint, op, callback);
  endpoint.note(`burst ${op.id}: ${full ? 'full' : 'room'}`);
}

function cork(endpoint, op) {
  const { socket } = endpoint;
  socket.cork();
  for (const one of op.chunks) {
    for (let i = 1; i < (one.n ?? 1); i++) put(endpoint, one);
    const name = `cork ${op.id}/${op.chunks.indexOf(one)}`;
    put(endpoint, one, one.cb && callbackOf(endpoint, name));
  }
  if (op.end) end(endpoint, { id: `${op.id}e` });
  if (op.later) {
    endpoint.game.later(() => socket.uncork());
  } else {
    socket.uncork();
  }
}

/** Writes each chunk in the callback of the one before. */
function chain(endpoint, op) {
  let left = op.n;
  let isDue = false;
  if (op.timer) setTimeout(() => (isDue = true), 1);
  const next = (error) => {
    if (error || left === 0 || isDue || endpoint.socket.destroyed) {
      const isOver = left === 0 ? 'to its end' : isDue ? 'to its timer' : 'cut';
      endpoint.note(`chain ${op.id} ran ${isOver}`);
      return;
    }
    left--;
    step(endpoint, op, next);
  };
  next();
}

function step(endpoint, op, next) {
  const { socket } = endpoint;
  endpoint.game.activity++;
  if (op.move) endpoint.game.operate(endpoint, { op: 'move', how: op.move });
  if (!op.list) {
    put(endpoint, op, next);
    return;
  }
  socket.cork();
  for (let i = 1; i < op.list; i++) put(endpoint, op);
  put(endpoint, op, next);
  socket.uncork();
}

/** Writes until there is no more room, then once more at each 'drain'. */
function fill(endpoint, op) {
  let left = op.n;
  const more = () => {
    while (left-- > 0 && !endpoint.socket.destroyed) {
      if (!put(endpoint, op)) break;
    }
    if (left > 0) endpoint.socket.once('drain', more);
  };
  more();
}

function end(endpoint, op) {
  const name = `end ${op.id}`;
  const callback = op.cb ? callbackOf(endpoint, name) : undefined;
  if (op.size === undefined) {
    if (callback) endpoint.socket.end(callback);
    else endpoint.socket.end();
  } else {
    put(endpoint, op, callback, 'end');
  }
}

module.exports = {
  callbackOf,
  writing: { burst, chain, cork, end, fill, write },
};
