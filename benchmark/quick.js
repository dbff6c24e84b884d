'use strict';

/*
 * A quick comparison of rust-net with node:net, until the real benchmark is
 * there. Two servers, one on each module, each in a process of its own, take
 * the same load in turn; the order is reversed each round, a warm-up comes
 * before each measurement, and what counts is the ratio of the medians.
 *
 *   node benchmark/quick.js [--rounds 7] [--seconds 1.5] [--only NAME]
 *                           [--load PROGRAM] [--module PATH]
 *
 * The load comes from a process on node:net, which costs more than the server
 * that it drives and so pulls every ratio towards 1. `--load` names a native
 * program in its place, called as `PROGRAM echo PORT CONNECTIONS SIZE SECONDS`,
 * `PROGRAM churn PORT PARALLEL SECONDS` or `PROGRAM bulk PORT BYTES CHUNK`; it
 * prints one line of JSON: `{ ops, seconds, p50us?, p99us? }`.
 */

const { execFile, fork } = require('node:child_process');
const { once } = require('node:events');
const path = require('node:path');
const { parseArgs, promisify } = require('node:util');

const MEGABYTE = 1024 * 1024;
const WARM_UP = 0.4;

const subjects = {
  'node:net': () => 'node:net',
  'rust-net': (options) => path.resolve(options.module),
};

// The load's arguments after the port; `share` is a part of the usual time.
const workloads = {
  ping: {
    unit: 'requests/s',
    server: 'echo',
    load: (seconds) => ['echo', 1, 64, seconds],
  },
  echo64: {
    unit: 'requests/s',
    server: 'echo',
    load: (seconds) => ['echo', 64, 64, seconds],
  },
  echo256: {
    unit: 'requests/s',
    server: 'echo',
    load: (seconds) => ['echo', 256, 1024, seconds],
  },
  churn: {
    unit: 'connections/s',
    server: 'churn',
    load: (seconds) => ['churn', 16, seconds],
  },
  bulk: {
    unit: 'MiB/s',
    server: 'sink',
    // About what a machine of today receives in that time.
    load: (seconds) => [
      'bulk',
      Math.ceil(seconds * 1024) * MEGABYTE,
      64 * 1024,
    ],
  },
};

const servers = {
  echo: (socket) => socket.on('data', (data) => socket.write(data)),

  churn: (socket) => socket.resume(),

  /** Counts the bytes that the first eight announce, and answers with one. */
  sink(socket) {
    let left = -1;
    socket.on('data', (data) => {
      let { length } = data;
      if (left < 0) {
        left = Number(data.readBigUInt64LE());
        length -= 8;
      }
      left -= length;
      if (left === 0) socket.write('.');
      else if (left < 0) throw new Error('too many bytes');
    });
  },
};

/** A server under test: says its port, and what CPU time it used when asked. */
function serve(moduleId, kind) {
  const net = require(moduleId);
  const server = net.createServer((socket) => {
    // The load's connections end by a reset: it goes with answers unread.
    socket.on('error', ({ code }) => {
      if (code !== 'ECONNRESET') throw new Error(`${moduleId}: ${code}`);
    });
    servers[kind](socket);
  });
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('message', () => {
    const { user, system } = process.cpuUsage();
    process.send(user + system);
  });
  process.on('disconnect', () => process.exit());
}

/** The load on node:net, for where there is no native one. */
const loads = {
  echo(net, port, connections, size, seconds) {
    const message = Buffer.alloc(size, 'x');
    const times = [];
    const start = performance.now();
    const end = start + seconds * 1000;
    let open = connections;
    const report = () => {
      const took = (performance.now() - start) / 1000;
      times.sort((a, b) => a - b);
      const at = (part) => times[Math.floor(times.length * part)] * 1000;
      return {
        ops: times.length,
        seconds: took,
        p50us: at(0.5),
        p99us: at(0.99),
      };
    };
    return new Promise((resolve) => {
      const closed = () => --open === 0 && resolve(report());
      for (let i = 0; i < connections; i++) {
        const socket = net.connect({ port, noDelay: true });
        let got = 0;
        let sentAt = performance.now();
        socket.on('connect', () => socket.write(message)).on('close', closed);
        socket.on('data', (data) => {
          got += data.length;
          if (got < size) return;
          const now = performance.now();
          times.push(now - sentAt);
          got = 0;
          sentAt = now;
          if (now >= end) socket.destroy();
          else socket.write(message);
        });
      }
    });
  },

  churn(net, port, parallel, seconds) {
    const start = performance.now();
    const end = start + seconds * 1000;
    let ops = 0;
    let running = parallel;
    return new Promise((resolve) => {
      const again = () => {
        if (performance.now() < end) {
          ops++;
          // Addresses in turn: closed connections hold on to their port.
          const localAddress = `127.0.0.${1 + (ops % 200)}`;
          const socket = net.connect({ port, localAddress });
          socket.on('close', again).resume().end();
        } else if (--running === 0) {
          resolve({ ops, seconds: (performance.now() - start) / 1000 });
        }
      };
      for (let i = 0; i < parallel; i++) again();
    });
  },

  bulk(net, port, bytes, chunk) {
    const start = performance.now();
    const block = Buffer.alloc(chunk, 'y');
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(bytes));
    return new Promise((resolve) => {
      const socket = net.connect({ port });
      let left = bytes;
      const fill = () => {
        let room = true;
        while (left > 0 && room) {
          room = socket.write(block.subarray(0, Math.min(left, chunk)));
          left -= Math.min(left, chunk);
        }
      };
      socket.write(length);
      socket.on('connect', fill).on('drain', fill);
      socket.on('data', () => {
        const seconds = (performance.now() - start) / 1000;
        socket.destroy();
        resolve({ ops: bytes / MEGABYTE, seconds });
      });
    });
  },
};

async function generate([kind, ...numbers]) {
  const net = require('node:net');
  const result = await loads[kind](net, ...numbers.map(Number));
  console.log(JSON.stringify(result));
}

async function startServer(moduleId, kind) {
  const child = fork(__filename, ['--serve', moduleId, kind]);
  const [port] = await once(child, 'message');
  return {
    port,
    async cpu() {
      child.send('cpu');
      const [microseconds] = await once(child, 'message');
      return microseconds;
    },
    stop: () => child.disconnect(),
  };
}

async function runLoad(options, port, [kind, ...rest]) {
  const args = [kind, port, ...rest].map(String);
  const [program, first] = options.load
    ? [options.load, []]
    : [process.execPath, [__filename, '--generate']];
  const run = promisify(execFile)(program, [...first, ...args]);
  return JSON.parse((await run).stdout);
}

async function measure(options, server, workload) {
  const seconds = Number(options.seconds);
  await runLoad(options, server.port, workload.load(seconds * WARM_UP));
  const before = await server.cpu();
  const result = await runLoad(options, server.port, workload.load(seconds));
  return {
    rate: result.ops / result.seconds,
    cpu: ((await server.cpu()) - before) / result.ops,
    p50: result.p50us,
    p99: result.p99us,
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2
    ? sorted[half]
    : (sorted[half - 1] + sorted[half]) / 2;
}

function print(name, workload, samples) {
  const [node, rust] = Object.keys(subjects).map((subject) => samples[subject]);
  const middle = (list, key) => median(list.map((sample) => sample[key]));
  const ratio = (key) => (middle(rust, key) / middle(node, key)).toFixed(2);
  const line = [
    name.padEnd(8),
    `${ratio('rate')}x node:net`,
    `(${middle(rust, 'rate').toFixed(0)} against`,
    `${middle(node, 'rate').toFixed(0)} ${workload.unit};`,
    `CPU ${middle(rust, 'cpu').toFixed(1)} against`,
    `${middle(node, 'cpu').toFixed(1)} us each, ${ratio('cpu')}`,
  ];
  if (rust[0].p99) line.push(`; p50 ${ratio('p50')}, p99 ${ratio('p99')}`);
  const pairs = rust.map((one, i) => (one.rate / node[i].rate).toFixed(2));
  console.log(`${line.join(' ')}) rounds ${pairs.join(' ')}`);
}

async function compare(options, name) {
  const workload = workloads[name];
  const running = {};
  const samples = {};
  for (const [subject, idOf] of Object.entries(subjects)) {
    running[subject] = await startServer(idOf(options), workload.server);
    samples[subject] = [];
  }
  const order = Object.keys(subjects);
  for (let round = 0; round < Number(options.rounds); round++) {
    for (const subject of order) {
      samples[subject].push(await measure(options, running[subject], workload));
    }
    order.reverse();
  }
  for (const server of Object.values(running)) server.stop();
  print(name, workload, samples);
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '7' },
      seconds: { type: 'string', default: '1.5' },
      only: { type: 'string', default: Object.keys(workloads).join() },
      load: { type: 'string' },
      module: { type: 'string', default: path.join(__dirname, '..') },
    },
  });
  const load = values.load ? 'a native program' : 'node:net in a process';
  const driver = process.env.RUST_NET_DRIVER || 'default';
  console.log(
    `Node ${process.version}, driver ${driver}, load by ${load}, ` +
      `medians of ${values.rounds} rounds of ${values.seconds} s`,
  );
  for (const name of values.only.split(',')) await compare(values, name);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === '--serve') serve(...rest);
else if (mode === '--generate') generate(rest);
else main();
