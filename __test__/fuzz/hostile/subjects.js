'use strict';

/*
 * Sockets for `rust-net/bridge`: rust-net's and node's, open and closed. Their
 * bytes carry marks, as those of handles do.
 */

const nodeNet = require('node:net');
const { Connection } = require('./connections');

const MOST = 10;

class Subjects {
  #sockets = [];
  #marks = new WeakMap();

  constructor(world) {
    this.world = world;
  }

  some(random) {
    return this.#sockets.length > 0 ? random.pick(this.#sockets) : undefined;
  }

  /** Sometimes opens another socket, and writes to the open ones. */
  stir() {
    const { random, net, pool } = this.world;
    if (this.#sockets.length < MOST && random.chance(20)) {
      const where = random.chance(50)
        ? { port: pool.publicPort, host: '127.0.0.1' }
        : { path: pool.publicPath };
      const module = random.chance(70) ? net : nodeNet;
      this.#watch(module.connect(where), new Connection(undefined).mark);
    }
    const socket = this.some(random);
    const isOpen = socket?.writable && !socket.connecting;
    if (isOpen && socket.writableLength < 50_000) {
      socket.write(this.#marks.get(socket).letter.repeat(random.below(3000)));
    }
    if (random.chance(3)) this.#sockets.shift()?.destroy();
  }

  #watch(socket, mark) {
    this.#marks.set(socket, mark);
    this.#sockets.push(socket);
    socket.on('error', () => {});
    socket.on('connect', () => this.#know(socket));
    socket.on('data', (chunk) => {
      const objection = this.world.pool.stranger.objectionTo(chunk);
      if (objection !== undefined) this.world.found('stranger', objection);
    });
    if (this.#sockets.length > 2 * MOST) this.#sockets.shift().destroy();
  }

  // The handle below belongs to rust-net, and is not called here.
  #know(socket) {
    const handle = socket._handle;
    if (this.world.isHandle(handle)) this.world.slots.protect(handle);
    socket.once('close', () => {});
  }

  /** Takes over the result of a call of the bridge. */
  take(result, args) {
    const { Socket, Server } = this.world.net;
    const isSocket =
      result instanceof Socket || result instanceof nodeNet.Socket;
    const isToken =
      typeof result?.type === 'string' && typeof result.id === 'string';
    if (isSocket && !this.#marks.has(result)) {
      const mark = this.#marks.get(args[0]) ?? new Connection(undefined).mark;
      this.#watch(result, mark);
    } else if (result instanceof Server) {
      result.close();
    } else if (isToken) {
      const { tokens, bridge } = this.world;
      tokens.push(result);
      if (tokens.length > 6) bridge.discard(tokens.shift());
    }
  }

  close() {
    for (const socket of this.#sockets) socket.destroy();
    const { tokens, bridge } = this.world;
    for (const token of tokens) bridge.discard(token);
    this.#sockets = [];
  }
}

module.exports = { Subjects };
