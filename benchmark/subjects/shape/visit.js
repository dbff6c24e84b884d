'use strict';

/*
 * Short connections, `flight` at a time: connect, send a request, read the
 * answer, close. Without an answer the request is an upload, which closes at
 * once.
 */

const { follow } = require('../lives');
const { checker, chunkOf } = require('./content');

class Listener {
  constructor(net, row) {
    this.row = row;
    this.server = net.createServer();
    this.lives = row.follow ? follow(this.server) : () => undefined;
    this.server.on('connection', (socket) => this.#serve(socket, this.run));
  }

  #serve(socket, run) {
    const check = checker({ size: this.row.request });
    let left = this.row.request;
    socket.on('data', (chunk) => {
      left -= check(chunk);
      run.received += chunk.length;
      if (left > 0 || this.row.answer === 0) return;
      run.sent += this.row.answer;
      socket.end(chunkOf({ size: this.row.answer }).value);
    });
    socket.on('close', () => {
      if (left !== 0) throw new Error(`${left} bytes of a request are missing`);
      if (--this.left === 0) run.end(this.lives());
    });
  }

  arm(run) {
    this.run = run;
    this.left = run.part(this.row.visits);
    run.setOpened();
  }

  start() {}
}

class Connector {
  constructor(net, row, end, where) {
    Object.assign(this, { net, row, end, where });
  }

  arm(run) {
    run.setOpened();
  }

  start(run) {
    this.left = run.part(this.row.visits);
    this.open = 0;
    const flight = Math.min(this.row.flight, this.left);
    for (let i = 0; i < flight; i++) this.#visit(run);
  }

  #visit(run) {
    const { request, answer } = this.row;
    const check = checker({ size: Math.max(answer, 1) });
    let left = answer;
    this.left--;
    this.open++;
    const socket = this.net.connect(this.where);
    const { value } = chunkOf({ size: request });
    run.sent += request;
    if (answer === 0) socket.resume().end(value);
    else socket.write(value);
    socket.on('data', (chunk) => {
      left -= check(chunk);
      run.received += chunk.length;
    });
    socket.on('close', () => {
      if (left !== 0) throw new Error(`${left} bytes of an answer are missing`);
      this.open--;
      if (this.left > 0) this.#visit(run);
      else if (this.open === 0) run.end();
    });
  }
}

module.exports = { Connector, Listener };
