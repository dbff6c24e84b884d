'use strict';

/*
 * Well-behaved connections that run beside the hostile calls. In each direction
 * every byte is known by its position, so foreign, lost and doubled bytes are
 * detected.
 */

const path = require('node:path');
const { once } = require('node:events');
const { describe, witnessBytes } = require('./marks');
const { Random } = require('./random');

/** A prime, so that no power of two is a period. */
const PERIOD = 65_521;
const AHEAD = 200_000;
const STALL_MS = 20_000;

/** The bytes of one direction of one connection. */
class Flow {
  sent = 0;
  received = 0;
  isLost = false;

  constructor(world, name, seed) {
    this.world = world;
    this.name = name;
    const random = new Random(seed, 77);
    const bytes = Array.from({ length: PERIOD }, () =>
      random.pick(witnessBytes),
    );
    this.pattern = Buffer.from([...bytes, ...bytes]);
  }

  next(size) {
    const at = this.sent % PERIOD;
    const bytes = this.pattern.subarray(at, at + Math.min(size, PERIOD));
    this.sent += bytes.length;
    return bytes;
  }

  check(chunk) {
    if (this.isLost) return;
    for (let at = 0; at < chunk.length;) {
      const from = this.received % PERIOD;
      const length = Math.min(chunk.length - at, PERIOD);
      const expected = this.pattern.subarray(from, from + length);
      const actual = chunk.subarray(at, at + length);
      if (Buffer.compare(expected, actual) !== 0) {
        this.#differs(expected, actual);
        return;
      }
      this.received += length;
      at += length;
    }
    if (this.received > this.sent) {
      this.world.found('witness', `${this.name} got more than was sent`);
    }
  }

  #differs(expected, actual) {
    let at = 0;
    while (expected[at] === actual[at]) at++;
    this.world.found(
      'witness',
      `byte ${this.received + at} of ${this.name} is ${describe(actual[at])}: ` +
        `${Buffer.from(actual).toString('hex', at, at + 24)} and not ` +
        expected.toString('hex', at, at + 24),
    );
    // The positions of later bytes are unknown.
    this.isLost = true;
  }
}

class Witnesses {
  #directions = [];
  #isEnding = false;

  constructor(world) {
    this.world = world;
  }

  async open(folder) {
    const places = [
      { port: 0, host: '127.0.0.1' },
      { path: path.join(folder, 'witness') },
    ];
    for (const [i, place] of places.entries()) {
      await this.#openPair(place, 2 * i);
      await this.#openEcho(
        { ...place, path: place.path && `${place.path}-echo` },
        i,
      );
    }
  }

  // Other clients may connect, and are rejected.
  async #accepted(place, onAccepted) {
    const { net } = this.world;
    const server = net.createServer((socket) => {
      if (!onAccepted(socket)) socket.destroy();
    });
    server.listen(place);
    await once(server, 'listening');
    this.servers = [...(this.servers ?? []), server];
    const address = server.address();
    const client = net.connect(
      typeof address === 'string' ? { path: address } : address.port,
    );
    await once(client, 'connect');
    return client;
  }

  async #openPair(place, number) {
    let peer;
    const isFirst = (socket) => {
      if (peer !== undefined) return false;
      peer = socket;
      return true;
    };
    const client = await this.#accepted(place, isFirst);
    while (peer === undefined) await new Promise(setImmediate);
    this.#join(client, peer, `pair ${number} up`, number);
    this.#join(peer, client, `pair ${number} down`, number + 1);
  }

  async #openEcho(place, number) {
    let isTaken = false;
    const client = await this.#accepted(place, (socket) => {
      if (isTaken) return false;
      isTaken = true;
      this.#mourn(socket, `echo ${number}, server`);
      socket.pipe(socket);
      return true;
    });
    this.#join(client, client, `echo ${number}`, 100 + number);
  }

  #join(from, to, name, number) {
    const flow = new Flow(this.world, name, this.world.seed + number);
    to.on('data', (chunk) => flow.check(chunk));
    this.#mourn(from, name);
    this.#directions.push({ from, flow });
  }

  #mourn(socket, name) {
    socket.on('error', (error) => this.#died(name, error.code));
    socket.on('close', () => this.#died(name, 'closed'));
    this.world.slots.protect(socket._handle);
  }

  #died(name, how) {
    if (!this.#isEnding) this.world.found('witness', `${name}: ${how}`);
  }

  /** Sends a few bytes, in one of the ways that programs use. */
  stir() {
    const { random } = this.world;
    const { from, flow } = random.pick(this.#directions);
    if (flow.sent - flow.received > AHEAD) return;
    const size = random.pick([1, 5, 64, 300, 300, 2000, 5000, 30_000]);
    random.among([
      [6, () => from.write(flow.next(size))],
      [2, () => from.write(flow.next(size).toString('latin1'), 'latin1')],
      [2, () => this.#writeCorked(from, flow, size)],
    ]);
  }

  #writeCorked(from, flow, size) {
    from.cork();
    for (let left = 4; left > 0; left--) from.write(flow.next(size));
    from.uncork();
  }

  /** Waits until everything has arrived, including bytes sent now. */
  async settle() {
    for (const { from, flow } of this.#directions) {
      from.write(flow.next(60_000));
    }
    const end = Date.now() + STALL_MS;
    const late = () =>
      this.#directions.filter(({ flow }) => flow.received < flow.sent);
    while (late().length > 0 && Date.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const { flow } of late()) {
      this.world.found(
        'witness',
        `${flow.name} stands still at ${flow.received} of ${flow.sent}`,
      );
    }
  }

  get received() {
    let sum = 0;
    for (const { flow } of this.#directions) sum += flow.received;
    return sum;
  }

  close() {
    this.#isEnding = true;
    for (const { from } of this.#directions) from.destroy();
    for (const server of this.servers) server.close();
  }
}

module.exports = { Witnesses };
