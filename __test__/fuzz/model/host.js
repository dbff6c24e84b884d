'use strict';

/*
 * A server of a program.
 */

const path = require('node:path');

const { errorFacts } = require('./facts');
const own = require('./own-options');

const [major] = process.versions.node.split('.').map(Number);

/** A server, and the events it has emitted. */
class Host {
  /**
   * @param {object} game
   * @param {number} index
   * @param {object} plan
   */
  constructor(game, index, plan) {
    Object.assign(this, { game, index, plan, id: `server${index}` });
    this.log = [];
    this.connections = 0;
    this.open = 0;
    this.peak = 0;
    this.pending = 0;
    this.server = game.net.createServer(this.options());
    if (plan.max) this.server.maxConnections = plan.max;
    this.listenToEvents();
  }

  options() {
    const { options, isBlocking } = this.plan;
    if (!isBlocking || major < 22) return { ...options, ...own.server };
    const blockList = new this.game.net.BlockList();
    blockList.addAddress('127.0.0.1');
    return { ...options, blockList, ...own.server };
  }

  note(entry) {
    this.game.activity++;
    this.log.push(entry);
  }

  listenToEvents() {
    const { server } = this;
    server.on('listening', () => {
      const address = server.address();
      if (address?.port) this.game.ports.set(address.port, `<${this.id}>`);
      this.note('listening');
    });
    server.on('error', (error) => {
      this.note(`error ${errorFacts(error, this.game)}`);
    });
    server.on('close', () => {
      this.note('close');
      this.game.checkOver();
    });
    server.on('drop', () => {
      this.note('drop');
      this.game.dropped(this);
    });
    server.on('connection', (socket) => this.accept(socket));
  }

  accept(socket) {
    this.connections++;
    this.open++;
    this.peak = Math.max(this.peak, this.open);
    socket.on('close', () => this.open--);
    this.game.activity++;
    this.game.accept(this, socket);
  }

  /** @returns {object} the address that it has, or will have */
  where() {
    const { kind, host } = this.plan;
    if (kind === 'unix') {
      return { path: path.join(this.game.folder, `s${this.index}`) };
    }
    const address = this.server.address();
    return { port: this.port ?? address?.port ?? 0, host: host ?? '127.0.0.1' };
  }

  listen() {
    this.server.listen({ ...this.where(), ...own.listen });
  }

  /** @returns {Promise<void>} */
  start() {
    return new Promise((resolve) => {
      this.server.once('listening', () => {
        this.port = this.server.address()?.port;
        resolve();
      });
      this.listen();
    });
  }

  close() {
    this.pending++;
    this.server.close((error) => {
      this.pending--;
      const how = error ? errorFacts(error, this.game) : 'well';
      this.note(`close called ${how}`);
      this.game.checkOver();
    });
  }

  count() {
    this.pending++;
    this.server.getConnections((error, count) => {
      this.pending--;
      this.note(`counted ${error?.code ?? count}`);
    });
  }

  setBlocking() {
    const handle = this.server._handle;
    this.note(`setBlocking ${handle?.setBlocking?.(true)}`);
  }

  /** @returns {string | undefined} */
  owed() {
    const isWaiting = this.open > 0 || this.server.listening;
    return this.pending > 0 && !isWaiting ? 'callback' : undefined;
  }
}

module.exports = { Host };
