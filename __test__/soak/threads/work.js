'use strict';

/*
 * A thread that has sockets in many states until it is terminated. `terminate.js`
 * starts it.
 */

const http = require('node:http');
const path = require('node:path');
const { threadId, workerData } = require('node:worker_threads');
const { numbersFrom } = require('../../helpers/numbers');

const { folder, module: id, ports, seed } = workerData;
const net = require(id);
const below = numbersFrom(seed);
const chunk = Buffer.alloc(64 * 1024, 'x');
const host = '127.0.0.1';

/** Ignores errors: the other end may be another thread that was terminated. */
const quiet = (socket) => socket.on('error', () => {});

const to = (port, options = {}) =>
  quiet(net.connect({ port, host, ...options }));

/** Sends and receives small pieces for ever. */
function play(socket) {
  socket.on('data', () => socket.write('ping'));
  socket.write('ping');
}

/** Listens, and calls `then` with the options that lead there. */
function listen(where, onConnection, then, options = {}) {
  const server = net.createServer(options, (socket) =>
    onConnection(quiet(socket)),
  );
  server.on('error', () => {});
  server.listen(where, () => {
    const address = server.address();
    then(typeof address === 'string' ? { path: address } : address);
  });
}

const echo = (socket) => socket.pipe(socket);

/** What a thread may be doing when it ends. */
const works = {
  tcp() {
    const options = { offload: below(2) === 0 };
    listen(
      { port: 0, host },
      echo,
      ({ port }) => {
        for (let i = 0; i < 5; i++) play(to(port, options));
      },
      options,
    );
  },
  unix() {
    const file = path.join(folder, `${threadId}`);
    listen({ path: file }, echo, (where) => {
      for (let i = 0; i < 5; i++) play(quiet(net.connect(where)));
    });
  },
  upload() {
    const socket = to(ports.echo);
    const pump = () => {
      while (socket.write(chunk));
      socket.once('drain', pump);
    };
    socket.once('connect', pump).resume();
  },
  download() {
    const socket = to(ports.source);
    socket.on('data', () => {
      if (below(4) === 0) socket.pause();
      setTimeout(() => socket.resume(), 2);
    });
  },
  relay() {
    listen(
      { port: 0, host },
      (near) => near.pipe(to(ports.echo)).pipe(near),
      ({ port }) => play(to(port)),
    );
  },
  connecting() {
    for (let i = 0; i < 10; i++) {
      to(ports.echo, { host: i % 2 ? 'localhost' : host });
      quiet(net.connect({ path: path.join(folder, 'nobody') }));
    }
  },
  shared() {
    const where = { port: ports.shared, host, shared: true };
    listen(where, echo, () => play(to(ports.shared)));
  },
  churn() {
    const next = () =>
      to(ports.echo)
        .once('data', function () {
          this.destroy();
          next();
        })
        .write('x');
    for (let i = 0; i < 4; i++) next();
  },
  web() {
    if (id !== 'node:net') require(path.join(id, 'http.js')).install();
    const server = http.createServer((request, response) => response.end('y'));
    server.listen(0, host, () => {
      const { port } = server.address();
      const next = () =>
        http.get({ port, host }, (response) =>
          response.resume().on('end', next),
        );
      next();
    });
  },
  blocked() {
    play(to(ports.echo));
    setTimeout(() => {
      to(ports.echo).write(chunk);
      for (;;);
    }, 3);
  },
};

const names = Object.keys(works);
for (let i = 0; i < 3; i++) works[names[below(names.length)]]();
