'use strict';

// One server process of `npx rust-net bench`: echo servers and a streaming server, on
// the module that its argument names. The parent asks for the CPU time used so far.

const { once } = require('node:events');

const net = require(process.argv[2]);

const STREAM_BYTES = 1 << 20;
const PIECE = Buffer.alloc(1024, 's');

function echo(socket) {
  socket.on('error', () => {});
  socket.on('data', (data) => socket.write(data));
}

/** Closes first, so that the clients do not run out of ports. */
function answerOnce(socket) {
  socket.on('error', () => {});
  socket.on('data', (data) => socket.end(data));
}

/** Answers each byte with a mebibyte in small writes. */
function stream(socket) {
  let left = 0;
  function send() {
    while (left > 0) {
      left -= PIECE.length;
      if (!socket.write(PIECE) && left > 0) {
        socket.once('drain', send);
        return;
      }
    }
  }
  socket.on('error', () => {});
  socket.on('data', (data) => {
    left += data.length * STREAM_BYTES;
    send();
  });
}

async function listen(handler, where) {
  const server = net.createServer(handler).listen(where);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'string' ? address : address.port;
}

async function main() {
  const loopback = { port: 0, host: '127.0.0.1' };
  process.on('disconnect', () => process.exit());
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send?.({ cpu: user + system });
  });
  process.send?.({
    echo: await listen(echo, loopback),
    once: await listen(answerOnce, loopback),
    stream: await listen(stream, loopback),
    unix: await listen(echo, { path: process.argv[3] }),
  });
}

main();
