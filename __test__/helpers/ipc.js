'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { idOf } = require('./both');

const lifetime = 25_000;

/**
 * Runs `program` (a function; `net` and `isOwn` are its arguments) in a child
 * with a channel to this process. `isOwn` tells sockets and servers of
 * rust-net's from node's, which `instanceof` does not.
 *
 * @returns {import('node:child_process').ChildProcess}
 */
function forked(net, t, program, options = {}) {
  const { stdio = ['ignore', 'inherit', 'inherit'] } = options;
  const id = net === null ? 'node:net' : idOf(net);
  const load = `const net = require(${JSON.stringify(id)});`;
  const source = `${load} (${program})(net, ${isOwnHere})`;
  const child = spawn(process.execPath, ['-e', source], {
    stdio: [...stdio, 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), lifetime);
  timer.unref();
  t.after(() => child.kill('SIGKILL'));
  return child;
}

/* Runs in the child as well: it may use nothing of this file. */
function isOwnHere(object) {
  const node = process.getBuiltinModule?.('net') ?? require('node:net');
  const { Socket, Server } = node;
  return !(object instanceof Socket) && !(object instanceof Server);
}

/** What the child says next, with the handle that came along. */
function heard(child) {
  return once(child, 'message');
}

/** Waits until the child has ended by itself. */
async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) {
    return { code: child.exitCode, signal: child.signalCode };
  }
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
}

module.exports = { ended, forked, heard, isOwn: isOwnHere };
