'use strict';

/*
 * How a variant is measured, by the kind of its row. Each kind starts the
 * programs it needs and returns `{ measure(), stop(), kill() }`. A sample holds
 * `value` (the row's own figure), `cpu` (microseconds per operation) and other
 * figures.
 */

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const { peakMemory } = require('./peak');
const { pinned } = require('./pin');
const { Program } = require('./program');
const { median } = require('./statistics');
const { Wrk } = require('./wrk');

const WARM_UP = 0.3;
const KEPT_ALIVE = 200;

/** Converts the result of a run to a sample. */
const sample = ({ ops, seconds, cpu, p50, p99 }) => ({
  value: ops / seconds,
  cpu: cpu / ops,
  p50,
  p99,
});

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {string[]} command that starts it
 * @property {Record<string, string>} [env]
 *
 * @typedef {object} Context
 * @property {string} load the native program
 * @property {number} seconds of one measurement
 * @property {string} folder for Unix sockets
 */

/**
 * Returns the arguments that say where a server listens: a path, or none, so
 * that it picks a port.
 */
let sockets = 0;
function listenArgs(row, context) {
  return row.unix ? ['--path', path.join(context.folder, `${++sockets}`)] : [];
}

/** Starts the load with its arguments, the first of which is its kind. */
function startLoad(row, context, [kind, ...args]) {
  if (kind === 'wrk') return new Wrk(args);
  return Program.start(pinned(row, 'peer', [context.load, kind, ...args]));
}

/** Opens the load's connections, runs `work` and closes them. */
async function withLoad(row, context, args, work) {
  const load = await startLoad(row, context, args);
  try {
    const result = await work(load);
    await load.stop();
    return result;
  } finally {
    load.kill();
  }
}

/** Starts the server that the server under test forwards to, if it has one. */
function startUpstream(row, context) {
  if (!row.upstream) return null;
  return Program.start([context.load, 'serve', ...row.upstream]);
}

/** Measures a server under test with the native load. */
async function server(row, variant, context) {
  const where = listenArgs(row, context);
  const upstream = await startUpstream(row, context);
  const next = upstream ? ['--upstream', `${upstream.ready.port}`] : [];
  const subject = await Program.start(
    pinned(row, 'subject', [...variant.command, ...where, ...next]),
    variant.env,
  );
  const target = row.unix ? where : ['--port', `${subject.ready.port}`];

  const measure = () =>
    withLoad(row, context, [...row.load, ...target], async (load) => {
      const seconds = context.seconds * (row.longer ?? 1);
      await load.ask(`run ${context.seconds * WARM_UP}`);
      const before = await subject.ask('usage');
      const result = await load.ask(`run ${seconds}`);
      const after = await subject.ask('usage');
      const accepted = after.connections - before.connections;
      if (row.counts && accepted !== result.ops) {
        throw new Error(`${result.ops} connections, ${accepted} accepted`);
      }
      const cpu = after.cpu - before.cpu;
      return {
        ...sample({ ...result, cpu }),
        // wrk reports no CPU time.
        load: result.cpu && result.cpu / 1e6 / result.seconds,
        late: after.late,
        peak: peakMemory(subject.pid),
        ...after.lives,
      };
    });

  const stop = async () => {
    await subject.stop();
    await upstream?.stop();
    if (row.unix) fs.rmSync(where[1], { force: true });
  };
  const kill = () => {
    subject.kill();
    upstream?.kill();
  };
  return { measure, stop, kill };
}

/** Measures a client under test with the native echo server. */
async function client(row, variant, context) {
  const peer = await Program.start([context.load, 'serve', ...row.peer]);
  const port = ['--port', `${peer.ready.port}`];
  const subject = await Program.start(
    [...variant.command, ...port],
    variant.env,
  );
  return {
    async measure() {
      await subject.ask(`run ${context.seconds * WARM_UP}`);
      const result = await subject.ask(`run ${context.seconds}`);
      return { ...sample(result), peak: peakMemory(subject.pid) };
    },
    async stop() {
      await subject.stop();
      await peer.stop();
    },
    kill() {
      subject.kill();
      peer.kill();
    },
  };
}

/**
 * Measures calls within one process. All variants must return the same results.
 */
async function inside(row, variant, context) {
  const subject = await Program.start(variant.command, variant.env);
  return {
    async measure() {
      await subject.ask(`run ${context.seconds * WARM_UP}`);
      const result = await subject.ask(`run ${context.seconds}`);
      return { ...sample(result), check: result.check };
    },
    stop: () => subject.stop(),
    kill: () => subject.kill(),
  };
}

/**
 * Measures resident bytes per connection, with a fresh server for each sample.
 */
async function memory(row, variant, context) {
  let subject;
  const hold = (port, count, work) => {
    const args = ['echo', '--reset', 'true', '--port', port];
    return withLoad(row, context, [...args, '--connections', count], work);
  };
  async function measure() {
    subject = await Program.start(variant.command, variant.env);
    const port = `${subject.ready.port}`;
    // Open some connections first, so that one-time allocations are not
    // counted. They do little, as garbage would leave free room that the later
    // connections then use.
    await hold(port, `${KEPT_ALIVE}`, (load) => load.ask('run 0'));
    const before = await subject.ask('memory');
    const grown = await hold(port, `${row.connections}`, async (load) => {
      const { rss } = await subject.ask('memory');
      const { ops } = await load.ask('run 0');
      if (ops < row.connections) throw new Error('connections were lost');
      return rss - before.rss;
    });
    await subject.stop();
    return { value: grown / row.connections };
  }
  return { measure, stop: () => {}, kill: () => subject?.kill() };
}

/**
 * Measures resident memory after much work, with a fresh server for each
 * sample.
 */
async function sustained(row, variant, context) {
  let subject;
  async function measure() {
    subject = await Program.start(variant.command, variant.env);
    const target = ['--port', `${subject.ready.port}`];
    const load = [...row.load, ...target];
    const before = await subject.ask('memory');
    const { rss } = await withLoad(row, context, load, async (running) => {
      await running.ask(`run ${row.seconds}`);
      return subject.ask('memory');
    });
    await subject.stop();
    return { value: rss, grown: rss - before.rss };
  }
  return { measure, stop: () => {}, kill: () => subject?.kill() };
}

/** Measures the milliseconds to load a module, in fresh processes. */
async function startUp(row, variant, context) {
  const [file, ...args] = variant.command;
  const env = { ...process.env, ...variant.env };
  async function measure() {
    const end = performance.now() + context.seconds * 1000;
    const samples = [];
    do {
      const run = await promisify(execFile)(file, args, { env });
      samples.push(JSON.parse(run.stdout));
    } while (performance.now() < end || samples.length < 3);
    return {
      value: median(samples.map(({ took }) => took)),
      cpu: median(samples.map(({ cpu }) => cpu)),
    };
  }
  return { measure, stop: () => {}, kill: () => {} };
}

/**
 * Wraps a kind of row so that each measurement has a fresh process. Earlier
 * work in a process changes how its allocator behaves.
 *
 * @param {(row: any, variant: Variant, context: Context) => Promise<any>} kind
 */
const fresh = (kind) => async (row, variant, context) => {
  let live;
  return {
    async measure() {
      live = await kind(row, variant, context);
      const sample = await live.measure();
      await live.stop();
      return sample;
    },
    stop: () => {},
    kill: () => live?.kill(),
  };
};

module.exports = {
  fresh,
  kinds: { server, client, inside, memory, sustained, startUp },
};
