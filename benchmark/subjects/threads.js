'use strict';

/*
 * One port and several JavaScript threads: `node threads.js MODULE --threads N [--way
 * WAY] [--work ROUNDS]`. The ways are `cluster`, with a process for each thread;
 * `shared`, rust-net's option; and `reuse-port`, where the kernel chooses.
 *
 * A connection that says a number lives for so many milliseconds. One that says
 * nothing costs some work and ends with its client.
 */

const cluster = require('node:cluster');
const { once } = require('node:events');
const { parseArgs } = require('node:util');
const {
  Worker,
  isMainThread,
  parentPort,
  workerData,
} = require('node:worker_threads');

const { control, cpu } = require('./control');
const { work } = require('./servers');

const HOST = '127.0.0.1';
const BACKLOG = 4096;

/** Serves in one thread or process, and answers what `hear` brings by `tell`. */
function serve({ moduleId, way, rounds }, hear, tell) {
  const net = require(moduleId);
  let accepted = 0;
  const server = net.createServer((socket) => {
    accepted++;
    socket.on('error', () => {});
    if (rounds > 0 && work(rounds) === 0) throw new Error('impossible result');
    socket.on('data', (ms) => {
      socket.write(ms);
      setTimeout(() => socket.end(), Number(ms));
    });
  });
  const verbs = {
    listen(port) {
      const options = {
        shared: way === 'shared',
        reusePort: way === 'reuse-port',
      };
      const where = { port, host: HOST, backlog: BACKLOG };
      server.listen(way === 'cluster' ? where : { ...where, ...options }, () =>
        tell({ port: server.address().port }),
      );
    },
    count: () =>
      tell({
        accepted,
        open: server._connections,
        cpu: way === 'cluster' ? cpu() : 0,
      }),
    block(ms) {
      tell({});
      const end = performance.now() + ms;
      while (performance.now() < end);
    },
  };
  hear(({ verb, argument }) => verbs[verb](argument));
}

/** A thread or a process, asked one question at a time. */
class Member {
  #emitter;
  #post;

  constructor(settings) {
    if (settings.way === 'cluster') {
      this.#emitter = cluster.fork({ SETTINGS: JSON.stringify(settings) });
      this.#post = (message) => this.#emitter.send(message);
    } else {
      this.#emitter = new Worker(__filename, { workerData: settings });
      this.#post = (message) => this.#emitter.postMessage(message);
    }
  }

  async ask(verb, argument) {
    this.#post({ verb, argument });
    const [answer] = await once(this.#emitter, 'message');
    return answer;
  }
}

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      threads: { type: 'string', default: '2' },
      way: { type: 'string' },
      work: { type: 'string', default: '0' },
    },
  });
  const [moduleId] = positionals;
  const usual = moduleId === 'node:net' ? 'cluster' : 'shared';
  const way = values.way ?? process.env.BENCH_WAY ?? usual;
  const settings = { moduleId, way, rounds: Number(values.work) };
  const members = Array.from(
    { length: Number(values.threads) },
    () => new Member(settings),
  );
  let port = 0;
  for (const member of members) {
    // The workers of a cluster share what was asked for: 0, too.
    const wanted = way === 'cluster' ? 0 : port;
    ({ port } = await member.ask('listen', wanted));
  }
  const count = () => Promise.all(members.map((each) => each.ask('count')));
  control(
    { port },
    {
      async usage() {
        const counts = await count();
        const sum = (name) => counts.reduce((all, each) => all + each[name], 0);
        return { cpu: cpu() + sum('cpu'), connections: sum('accepted') };
      },
      open: async () => (await count()).map(({ open }) => open),
      block: (ms) => members[0].ask('block', ms),
    },
  );
}

if (cluster.isWorker && isMainThread) {
  const settings = JSON.parse(process.env.SETTINGS);
  serve(
    settings,
    (listener) => process.on('message', listener),
    (answer) => process.send(answer),
  );
} else if (isMainThread) {
  main();
} else {
  serve(
    workerData,
    (listener) => parentPort.on('message', listener),
    (answer) => parentPort.postMessage(answer),
  );
}
