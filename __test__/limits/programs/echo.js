'use strict';

/*
 * An echo server behind a proxy, and clients of both, in one process. Each client
 * checks what comes back. Prints how many had which outcome: 'whole', the code of an
 * error at either end, 'cut' where the connection ended early without one, 'waits' where
 * nothing happened for long, 'wrong' for other bytes.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { bytesAt, isAt } = require('../../soak/load/pattern');

const {
  module: id,
  connections,
  size,
  room,
  patience = 1500,
} = JSON.parse(process.argv[2]);
/** Also has clients on a Unix-domain socket. */
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-limits-'));
const outcomes = {};
/** The last error of a server's or a proxy's end: its peer is right to see an early end. */
let failure;
/** Connections that ended early, and had no error themselves. */
let early = 0;
const servers = [];
let left = 0;
let isOver = false;

function note(name) {
  outcomes[name] = (outcomes[name] ?? 0) + 1;
}

/** Prints the result, and leaves. */
function finish() {
  if (isOver) return;
  isOver = true;
  for (; early > 0; early--) note(failure ?? 'cut');
  // Written at once: a stream would need a descriptor, or memory.
  fs.writeSync(1, JSON.stringify({ outcomes }));
  try {
    fs.rmSync(folder, { recursive: true, force: true });
  } catch {
    // No descriptor is left to read the folder.
  }
  process.exit(0);
}

function fail(error) {
  note(`threw ${error.code ?? error.message.split('\n')[0]}`);
  finish();
}

/** Ends when all clients have, and the cause of an early end is known or does not come. */
function leave(name) {
  if (name === undefined) early++;
  else note(name);
  if (--left > 0) return;
  if (early > 0 && failure === undefined) setTimeout(finish, patience);
  else finish();
}

/** Notes the error of a server's or a proxy's end. */
function noteFailure({ code }) {
  failure = code;
  if (left === 0) finish();
}

function client(net, where, flow) {
  left++;
  const socket = net.connect({ ...where, allowHalfOpen: true });
  let received = 0;
  let outcome;
  socket.setTimeout(patience, () => {
    outcome ??= 'waits';
    socket.destroy();
  });
  socket.on('data', (bytes) => {
    if (!isAt(flow, received, bytes)) outcome ??= 'wrong';
    received += bytes.length;
  });
  socket.on('error', ({ code }) => (outcome ??= code));
  socket.on('close', () =>
    leave(outcome ?? (received === size ? 'whole' : undefined)),
  );
  for (let sent = 0; sent < size; sent += 50_000) {
    socket.write(bytesAt(flow, sent, Math.min(50_000, size - sent)));
  }
  socket.end();
}

/** Makes a server; `then` gets the options that lead to it. */
function listen(net, where, onConnection, then) {
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', noteFailure);
    onConnection(socket);
  });
  servers.push(server);
  server.on('error', ({ code }) => {
    left++;
    leave(code);
  });
  server.listen(where, () => {
    const address = server.address();
    then(address.port ? { port: address.port, host: address.address } : where);
  });
}

/** Joins each connection with one to the target; one that fails resets the other. */
function proxy(net, target) {
  return (near) => {
    const far = net.connect({ ...target, allowHalfOpen: true });
    near.pipe(far).pipe(near);
    far.on('error', (error) => {
      near.resetAndDestroy();
      noteFailure(error);
    });
    near.on('error', () => far.destroy());
  };
}

/** Lets the process have so much more memory than it has. */
function limitMemory() {
  const status = fs.readFileSync('/proc/self/status', 'utf8');
  const now = Number(/VmSize:\s+(\d+)/.exec(status)[1]) * 1024;
  const { execFileSync } = require('node:child_process');
  const most = now + room;
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--as=${most}:${most}`]);
}

function main() {
  const net = require(id);
  const host = '127.0.0.1';
  const echo = (socket) => socket.pipe(socket);
  const clients = (where, first) => {
    for (let i = 0; i < connections; i++) client(net, where, first + i);
  };
  let open = 0;
  const ready = [];
  // All clients start when every server listens, or has failed.
  const start = (where) => {
    ready.push(where);
    if (++open < 3) return;
    if (room !== undefined) limitMemory();
    ready.forEach((each, i) => clients(each, 1000 * i));
  };
  listen(net, { port: 0, host }, echo, (where) => {
    start(where);
    listen(net, { port: 0, host }, proxy(net, where), start);
    listen(net, { path: path.join(folder, 'socket') }, echo, start);
  });
}

process.on('uncaughtException', fail);
main();
