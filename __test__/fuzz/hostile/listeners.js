'use strict';

/*
 * Hostile listeners: handles that may be misused in any way while clients of
 * node:net's connect to them.
 */

const net = require('node:net');
const { Connection } = require('./connections');

const MOST_CLIENTS = 12;

class Listeners {
  #count = 0;
  #clients = new Set();
  tcp = undefined;
  pipe = undefined;

  constructor(world) {
    this.world = world;
  }

  /** Reopens closed listeners, and sometimes connects to one. */
  stir() {
    const { world } = this;
    if (world.isGone(this.tcp)) this.tcp = this.#open(true);
    if (world.isGone(this.pipe)) this.pipe = this.#open(false);
    const isFull = this.#clients.size >= MOST_CLIENTS;
    if (!isFull && world.random.chance(25)) this.#connect();
  }

  some(random) {
    return random.pick([this.tcp, this.pipe]);
  }

  get ports() {
    return [this.tcp, this.pipe].map(
      (handle) => this.world.connectionIfKnown(handle)?.port,
    );
  }

  get path() {
    return `listener-${this.#count}`;
  }

  #open(isTcp) {
    const { world } = this;
    const { tcp_wrap, pipe_wrap } = world.handles;
    const handle = world.heirs.make(isTcp ? tcp_wrap.TCP : pipe_wrap.Pipe, 1);
    if (!isTcp) this.#count++;
    const isShared = world.random.chance(30);
    const bind = isShared ? 'listenShared' : 'bind';
    const where = isTcp ? ['127.0.0.1', 0, 0] : [this.path, 0];
    const status = handle[bind](...where, 16);
    const connection = new Connection(handle, world.pool.stranger);
    world.know(handle, connection);
    world.track(handle);
    handle.onconnection = world.callbacks.onconnection;
    handle.unref();
    if (status !== 0) return handle;
    if (!isShared && handle.listen(16) !== 0) return handle;
    connection.isListener = true;
    if (isTcp) connection.port = portOf(handle);
    return handle;
  }

  #connect() {
    const { world } = this;
    const { random } = world;
    const port = world.connectionIfKnown(this.tcp)?.port;
    const isTcp = random.chance(50) && port > 0;
    const where = isTcp ? { port, host: '127.0.0.1' } : { path: this.path };
    const client = net.connect(where);
    this.#clients.add(client);
    const { mark } = new Connection(undefined);
    client.on('error', () => {});
    client.on('close', () => this.#clients.delete(client));
    client.on('data', (chunk) => {
      const objection = world.pool.stranger.objectionTo(chunk);
      if (objection !== undefined) world.found('stranger', objection);
    });
    client.write(mark.letter.repeat(random.pick([1, 100, 5000])));
    setTimeout(() => client.destroy(), 10 * random.below(30)).unref();
  }

  close() {
    for (const client of this.#clients) client.destroy();
  }
}

function portOf(handle) {
  const info = {};
  handle.getsockname(info);
  return info.port;
}

module.exports = { Listeners, portOf };
