'use strict';

/*
 * What the subject and its peers have in common: their servers, their state, and what
 * the parent process tells them.
 */

const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { accept } = require('./accept');
const { Ledger } = require('./ledger');
const { planOf } = require('./plan');
const { State } = require('./state');
const { answer, createServer } = require('./web');

/** One process of the soak, as its connections see it. */
class Context {
  constructor(setting) {
    this.setting = setting;
    this.ledger = new Ledger();
    /** The numbers of the processes that were killed. */
    this.killed = new Set();
    /** Sockets that are open. @type {Set<import('node:net').Socket>} */
    this.sockets = new Set();
  }

  /** Keeps a socket among the open ones, and returns it. */
  track(socket) {
    this.sockets.add(socket);
    return socket.on('close', () => this.sockets.delete(socket));
  }

  planOf(id) {
    return planOf(id, this.setting);
  }

  /** Notes that a side of a connection has begun. */
  enter(plan, side, { generation, passes }) {
    const isExcused = () => this.killed.has(generation);
    return this.ledger.enter(new State(plan, side, { isExcused, passes }));
  }
}

/** Listens on a port and on a path; returns both. */
async function listenOnBoth(create, folder, name) {
  const [tcp, unix] = [create(), create()];
  const file = path.join(folder, name);
  tcp.listen({ port: 0, host: '127.0.0.1', backlog: 1024 });
  unix.listen({ path: file, backlog: 1024 });
  await Promise.all([once(tcp, 'listening'), once(unix, 'listening')]);
  return { tcp: tcp.address().port, unix: file };
}

/** Makes the server that answers the requests of the other processes. */
function webServer(http, context) {
  const { ledger } = context;
  const server = createServer(http, (request, response) => {
    const [id, generation] = request.url.slice(1).split('/').map(Number);
    const plan = context.planOf(id);
    const state = context.enter(plan, 1, { generation });
    answer(request, response, state, () => ledger.leave(state));
  });
  server.on('connection', () => ledger.connections++);
  server.on('clientError', (error, socket) => socket.destroy());
  return server;
}

/**
 * Opens the servers: one for each entry of `options`, and one for HTTP.
 *
 * @returns {Promise<{ plain: object[], web: object }>} where they listen
 */
async function open(context, { net, http, options, isSubject, name }) {
  const { folder } = context.setting;
  const listener = (socket) => accept(socket, context, isSubject);
  const plain = [];
  for (const [i, each] of options.entries()) {
    const create = () => net.createServer(each, listener);
    plain.push(await listenOnBoth(create, folder, `${name}-${i}`));
  }
  const create = () => webServer(http, context);
  const web = await listenOnBoth(create, folder, `${name}-web`);
  return { plain, web };
}

/** Returns the options that lead to one of the servers of `listenOnBoth`. */
const whereIs = ({ tcp, unix }, transport) =>
  transport === 'tcp' ? { port: tcp, host: '127.0.0.1' } : { path: unix };

/** Returns what the process uses now. */
function usage() {
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const descriptors = fs.readdirSync('/proc/self/fd').length;
  const cpu = (user + system) / 1e6;
  return { rss, heapUsed, external, arrayBuffers, cpu, descriptors };
}

/** Returns usage and counts of the process. */
function sample({ connections, bytes, open, nameless, problems }) {
  return {
    ...usage(),
    ...{ connections, bytes, open: open.size, nameless, problems },
  };
}

/** Returns how many descriptors of each kind are open. */
function kindsOfDescriptors() {
  const kinds = {};
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${fd}`);
      const kind = target.replace(/:?\[\d+\]$/, '');
      kinds[kind] = (kinds[kind] ?? 0) + 1;
    } catch {
      // That of the folder itself is closed again.
    }
  }
  return kinds;
}

/** Waits until nothing is open, and garbage was collected. */
async function settle(ledger) {
  for (let i = 0; i < 5; i++) {
    await ledger.idle();
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
}

/**
 * Obeys the parent: each message has a `verb`, and the answer of that function goes
 * back under the same number.
 */
function obey(verbs) {
  process.on('message', async ({ verb, number, value }) => {
    const result = await verbs[verb](value);
    if (number !== undefined) process.send({ number, result });
  });
  process.on('disconnect', () => process.exit());
}

module.exports = {
  Context,
  kindsOfDescriptors,
  obey,
  open,
  sample,
  settle,
  whereIs,
};
