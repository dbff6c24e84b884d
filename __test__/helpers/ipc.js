'use strict';

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const { idOf } = require('./both');

const lifetime = 25_000;

/**
 * Runs `program` in a child process with an IPC channel. `program` is a function
 * that gets `net` and `isOwn`. `isOwn` distinguishes rust-net's sockets and servers
 * from node's, which `instanceof` does not.
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

/* Also runs in the child, so it must not use anything of this file. */
function isOwnHere(object) {
  const node = process.getBuiltinModule?.('net') ?? require('node:net');
  const { Socket, Server } = node;
  return !(object instanceof Socket) && !(object instanceof Server);
}

/** Resolves with the child's next message and the handle that came with it. */
function heard(child) {
  return once(child, 'message');
}

/** Waits until the child has exited. */
async function ended(child) {
  if (child.exitCode !== null || child.signalCode !== null) {
    return { code: child.exitCode, signal: child.signalCode };
  }
  const [code, signal] = await once(child, 'exit');
  return { code, signal };
}

module.exports = { ended, forked, heard, isOwn: isOwnHere };
