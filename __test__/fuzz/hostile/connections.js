'use strict';

/*
 * The hostile connections. One end is a handle of rust-net's that may be
 * misused in any way. The other is a socket of node:net's, which knows whose
 * bytes it must see.
 */

const net = require('node:net');
const { Mark, letters } = require('./marks');

const LIVE = 14;
const OLDEST = 1500;
/** A peer that reads lets a write go on within this, in ms. */
const PATIENCE = 6000;

/** One handle, and what is known about it. */
class Connection {
  constructor(handle, receives, letter) {
    this.handle = handle;
    this.mark = new Mark(letter);
    /** The bytes that may arrive: only its own, as the peer sends no others. */
    this.receives = receives ?? this.mark;
    this.peer = undefined;
    this.isListener = false;
    /** Native verbs were called on it, of which its handle knows nothing. */
    this.isBypassed = false;
    /** When it had become old. @type {number | undefined} */
    this.oldSince = undefined;
    this.userBuffer = undefined;
    this.born = 0;
    /** Bytes passed to `writeAhead`, whose outcome a later write reports. */
    this.ahead = 0;
  }
}

/** Returns a mark for an unknown sender: bytes of any hostile connection. */
function anyHostile() {
  const mark = new Mark();
  for (const letter of letters) mark.table[letter.charCodeAt(0)] = 1;
  mark.allowZero();
  return mark;
}

class Connections {
  live = [];
  #greeted = new Map();
  #peers = new Set();
  #opening = 0;

  constructor(world) {
    this.world = world;
    this.stranger = anyHostile();
  }

  /**
   * Listens in the working directory by relative paths, as the directory's name
   * may contain any mark.
   */
  async listen() {
    const known = (socket) => this.#greet(socket);
    const anyone = (socket) => this.#watch(socket, this.stranger);
    const places = [
      { port: 0, host: '127.0.0.1' },
      { path: 'known' },
      { port: 0, host: '127.0.0.1' },
      { path: 'public' },
    ];
    this.servers = [];
    for (const [i, place] of places.entries()) {
      const server = net.createServer(i < 2 ? known : anyone);
      await new Promise((resolve) => server.listen(place, resolve));
      this.servers.push(server);
    }
    this.publicPort = this.servers[2].address().port;
    this.publicPath = places[3].path;
  }

  /** Opens missing connections, and closes old ones. */
  refresh() {
    while (this.live.length + this.#opening < LIVE) {
      if (!this.#open(this.world.random.chance(60))) break;
    }
    for (const connection of this.live) {
      const isOld = this.world.made - connection.born > OLDEST;
      if (isOld && !this.#lingers(connection)) this.#leave(connection);
    }
    this.live = this.live.filter((one) => !this.world.isClosed(one.handle));
  }

  // Returns a letter that no connection uses which may still greet a peer.
  #freeLetter() {
    const { made } = this.world;
    for (const [byte, { born, handle }] of this.#greeted) {
      const isGone = this.world.isClosed(handle) && made - born > OLDEST;
      if (isGone) this.#greeted.delete(byte);
    }
    const taken = new Set(this.live.map(({ mark }) => mark.byte));
    const isFree = (letter) => {
      const byte = letter.charCodeAt(0);
      return !taken.has(byte) && !this.#greeted.has(byte);
    };
    return this.world.random.pick(letters.filter(isFree));
  }

  // Before it is left its peer reads, and no write may wait for ever.
  #lingers(connection) {
    const { peer, isBypassed } = connection;
    const isRead = peer !== undefined && !peer.destroyed && !isBypassed;
    if (!isRead || this.world.isClosed(connection.handle)) return false;
    peer.resume();
    connection.oldSince ??= Date.now();
    const { callbacks } = this.world;
    if (!callbacks.hasWaitedSince(connection, connection.oldSince)) {
      return false;
    }
    if (Date.now() - connection.oldSince < PATIENCE) return true;
    this.world.found('write', 'one waits for ever');
    return false;
  }

  #leave(connection) {
    if (this.world.random.chance(50)) connection.peer?.destroy();
    this.world.close(connection.handle);
  }

  #open(isTcp) {
    const { world } = this;
    const { tcp_wrap, pipe_wrap } = world.handles;
    const handle = world.heirs.make(isTcp ? tcp_wrap.TCP : pipe_wrap.Pipe, 0);
    const connection = new Connection(handle, undefined, this.#freeLetter());
    world.know(handle, connection);
    const Request = isTcp ? tcp_wrap.TCPConnectWrap : pipe_wrap.PipeConnectWrap;
    const request = new Request();
    this.#opening++;
    this.#greeted.set(connection.mark.byte, connection);
    request.oncomplete = (status) => {
      this.#opening--;
      if (status === 0) this.#begin(connection);
      else this.#fail(connection);
    };
    const [server] = isTcp ? this.servers : this.servers.slice(1);
    const where = server.address();
    const status = isTcp
      ? handle.connect(request, '127.0.0.1', where.port)
      : handle.connect(request, where);
    if (status === 0) return true;
    this.#opening--;
    this.#fail(connection);
    return false;
  }

  #fail({ handle, mark }) {
    this.#greeted.delete(mark.byte);
    this.world.close(handle);
  }

  // Sends the first byte, which tells the peer whose bytes follow.
  #begin(connection) {
    const { world } = this;
    const { handle } = connection;
    handle.onread = world.callbacks.onread;
    world.honestWrite(connection, 1);
    handle.readStart();
    connection.born = world.made;
    this.live.push(connection);
    world.track(handle);
  }

  #greet(socket) {
    this.#keep(socket);
    socket.once('data', (chunk) => {
      const connection = this.#greeted.get(chunk[0]);
      if (connection === undefined) {
        this.world.found(
          'stranger',
          `greeted by 0x${chunk.toString('hex', 0, 9)}`,
        );
        return;
      }
      this.#greeted.delete(chunk[0]);
      connection.peer = socket;
      this.#check(connection.mark, chunk);
      this.#watch(socket, connection.mark);
    });
  }

  #keep(socket) {
    this.#peers.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => this.#peers.delete(socket));
  }

  #watch(socket, mark) {
    this.#keep(socket);
    socket.on('data', (chunk) => this.#check(mark, chunk));
  }

  #check(mark, chunk) {
    this.world.bytes += chunk.length;
    const objection = mark.objectionTo(chunk);
    if (objection === undefined) return;
    this.world.found('stranger', `${objection}, at its peer`);
  }

  /** Makes a peer do something: send, stop reading, or end. */
  stir() {
    const { random } = this.world;
    if (this.live.length === 0) return;
    const { peer, mark } = random.pick(this.live);
    if (peer === undefined || peer.destroyed || !peer.writable) return;
    random.among([
      [
        70,
        () => this.#send(peer, mark, random.pick([1, 9, 500, 3000, 70_000])),
      ],
      [8, () => peer.pause()],
      [16, () => this.resumeAll()],
      [2, () => peer.end()],
      [1, () => peer.destroy()],
      [1, () => peer.resetAndDestroy?.()],
    ]);
  }

  #send(peer, mark, size) {
    if (peer.writableLength < 200_000) peer.write(mark.letter.repeat(size));
  }

  resumeAll() {
    for (const { peer } of this.live) peer?.resume();
  }

  close() {
    for (const server of this.servers) server.close();
    for (const peer of this.#peers) peer.destroy();
    for (const { handle } of this.live) this.world.close(handle);
  }
}

module.exports = { Connection, Connections };
