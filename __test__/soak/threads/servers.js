'use strict';

/*
 * What the main thread has for the threads: servers, and a connection of its own on
 * which every byte is checked.
 */

const { once } = require('node:events');
const { bytesAt, isAt } = require('../load/pattern');

const host = '127.0.0.1';
const chunk = Buffer.alloc(64 * 1024, 'x');

/** Sends without end, as fast as the peer reads. */
function pour(socket) {
  while (socket.write(chunk));
  socket.once('drain', () => pour(socket));
}

/** Opens the servers; returns them with their ports. */
async function openServers(net) {
  const on = (onConnection) => (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  };
  const echo = (socket) => socket.pipe(socket);
  const servers = {
    echo: net.createServer(on(echo)),
    source: net.createServer(on((socket) => pour(socket.resume()))),
    shared: net.createServer(on(echo)),
  };
  const ports = {};
  for (const [name, server] of Object.entries(servers)) {
    server.listen({ port: 0, host, shared: name === 'shared' });
    await once(server, 'listening');
    ports[name] = server.address().port;
  }
  return { servers: Object.values(servers), ports };
}

/** A connection to the echo server that must not notice the other threads. */
class Steady {
  bytes = 0;
  problem = undefined;
  #socket;
  #sent = 0;
  #isOver = false;

  constructor(net, port) {
    const socket = net.connect(port, host);
    this.#socket = socket;
    socket.on('data', (bytes) => {
      if (!isAt(0, this.bytes, bytes)) this.problem ??= `at ${this.bytes}`;
      this.bytes += bytes.length;
      if (this.bytes === this.#sent) this.#send();
    });
    socket.on('error', ({ code }) => (this.problem ??= code));
    socket.on('end', () => {
      if (!this.#isOver) this.problem ??= 'ended';
    });
    this.#send();
  }

  #send() {
    if (this.#isOver) return void this.#socket.end();
    const piece = bytesAt(0, this.#sent, 1000);
    this.#sent += piece.length;
    this.#socket.write(piece);
  }

  /** Ends the connection once all that was sent has come back. */
  async end() {
    this.#isOver = true;
    await once(this.#socket, 'close');
  }
}

module.exports = { Steady, openServers };
