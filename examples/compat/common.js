'use strict';

/* What the programs of this folder share: packages, checks, a real server. */

const assert = require('node:assert');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const crypto = require('node:crypto');
const { once } = require('node:events');
const fs = require('node:fs');
const { createRequire } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { nodeNet, opened, probeSocket, rustNet, swap } = require('./swap');

const cache = path.resolve(__dirname, '../../.cache/compat');
const versions = {
  '@opentelemetry/instrumentation': '0.223.0',
  '@opentelemetry/instrumentation-dns': '0.66.0',
  '@opentelemetry/instrumentation-net': '0.67.0',
  '@opentelemetry/sdk-trace-node': '2.12.0',
  aedes: '1.2.0',
  'basic-ftp': '6.2.6',
  express: '5.3.0',
  fastify: '5.12.8',
  'ftp-srv': '4.6.3',
  ioredis: '6.0.0',
  mqtt: '5.16.0',
  mysql2: '3.24.5',
  nodemailer: '10.6.0',
  pg: '8.23.1',
  redis: '6.3.1',
  'smtp-server': '3.21.6',
  socks: '2.8.10',
  ssh2: '1.17.0',
  undici: '6.29.1',
  ws: '8.23.0',
};
const patience = 120_000;

const requireCached = createRequire(path.join(cache, 'package.json'));

/** The package that a module is in. */
function packageOf(name) {
  const [first, second] = name.split('/');
  return name.startsWith('@') ? `${first}/${second}` : first;
}

function isInstalled(name) {
  const file = path.join(cache, 'node_modules', name, 'package.json');
  if (!fs.existsSync(file)) return false;
  return JSON.parse(fs.readFileSync(file, 'utf8')).version === versions[name];
}

function installAll() {
  fs.mkdirSync(cache, { recursive: true });
  fs.writeFileSync(path.join(cache, 'package.json'), '{ "private": true }\n');
  const wanted = Object.entries(versions).map(([name, at]) => `${name}@${at}`);
  console.log(`installing ${wanted.join(' ')} in .cache/compat`);
  const { status } = spawnSync(
    'npm',
    [
      'install',
      '--no-save',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ].concat(wanted),
    { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] },
  );
  if (status !== 0) throw new Error(`npm install failed: ${status}`);
}

/**
 * Installs the packages in `.cache/compat` where this one is not there.
 *
 * @param {string} name
 */
function install(name) {
  if (!isInstalled(name)) installAll();
}

/**
 * A package on rust-net, installed in `.cache/compat` if it is not there.
 *
 * @param {string} name of the package, or of a module in it
 * @returns {any}
 */
function load(name) {
  install(packageOf(name));
  return requireCached(name);
}

/**
 * Runs the checks of one program in order, and ends the process with 1 where
 * one fails. Where all pass, the process must end by itself.
 *
 * @param {(step: Function) => Promise<void>} body gets `step(name, check)`,
 *   where `check` may return a few words to be printed
 */
async function runSteps(body) {
  const watchdog = setTimeout(() => {
    console.error(`hangs: ${process.getActiveResourcesInfo().join(' ')}`);
    process.exit(1);
  }, patience);
  watchdog.unref();
  const step = async (name, check) => {
    const start = performance.now();
    const said = await check();
    const took = (performance.now() - start).toFixed();
    console.log(`ok  ${name}${said ? `: ${said}` : ''} (${took} ms)`);
  };
  try {
    await body(step);
  } catch (error) {
    console.error('FAILED', error);
    process.exit(1);
  }
}

/**
 * As `runSteps`, with rust-net for all packages, which must have been used.
 *
 * @param {(step: Function) => Promise<void>} body
 * @param {{ foreign?: number }} [expected] sockets that node's tls accepts
 */
async function main(body, { foreign = 0 } = {}) {
  fs.mkdirSync(cache, { recursive: true });
  // Modules know themselves by where links lead to, and `.cache` may be one.
  swap(path.join(fs.realpathSync(cache), 'node_modules'));
  await runSteps(async (step) => {
    await body(step);
    report(foreign);
  });
}

function report(expectedForeign) {
  const { clients, accepted, native, foreign } = opened;
  const stats = rustNet.getStats();
  console.log(
    `sockets: ${clients} connected, ${accepted} accepted, ${native} of them ` +
      `on native handles of rust-net, ${foreign} of node:net`,
  );
  console.log(
    `rust-net's own count, ${stats.driver}: ${stats.connected} connected, ` +
      `${stats.accepted} accepted, ${stats.bytesRead} bytes read`,
  );
  assert.ok(native > 0, "none of rust-net's sockets was used");
  assert.strictEqual(foreign, expectedForeign, "node's net was used");
  // What listeners have seen in JavaScript, the native side must have done.
  assert.ok(stats.connected + stats.accepted >= native);
  assert.ok(stats.bytesRead > 0);
  process.once('exit', (code) => {
    if (code === 0) console.log('all passed; the process ended by itself');
  });
}

/** @returns {Promise<number>} a port that was free a moment ago */
async function freePort() {
  const server = nodeNet.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (
    server.address()
  );
  server.close();
  await once(server, 'close');
  return port;
}

/** @returns {string} a new folder, gone when the process ends */
function temporaryFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-compat-'));
  process.once('exit', () =>
    fs.rmSync(folder, { recursive: true, force: true }),
  );
  return folder;
}

/** @returns {{ key: Buffer, cert: Buffer }} a key and a certificate of our own */
function credentials() {
  const folder = temporaryFolder();
  const [key, cert] = ['key.pem', 'cert.pem'].map((name) =>
    path.join(folder, name),
  );
  const wanted =
    'req -x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=localhost';
  execFileSync(
    'openssl',
    [...wanted.split(' '), '-keyout', key, '-out', cert],
    {
      stdio: 'ignore',
    },
  );
  return { key: fs.readFileSync(key), cert: fs.readFileSync(cert) };
}

const answers = (where) =>
  new Promise((resolve) => {
    const probe = probeSocket();
    probe.on('error', () => resolve(false));
    probe.on('connect', () => resolve(true) ?? probe.destroy());
    probe.connect(where);
  });

/** A real server: a program in the foreground, started and ended by its pid. */
class Server {
  /**
   * @param {string} program
   * @param {string[]} args
   * @param {object} options `where`: what must answer; `signal`: what ends it;
   *   `abort`: what ends it at once; `spawn`: options for it
   */
  constructor(program, args, options) {
    Object.assign(this, { program, args, options });
    process.once('exit', () => this.child?.kill(options.abort));
  }

  /** Resolves when the server answers on all of its addresses. */
  async start() {
    const stdio = ['ignore', 'ignore', 'pipe'];
    const child = spawn(this.program, this.args, {
      stdio,
      ...this.options.spawn,
    });
    this.child = child;
    let complaints = '';
    child.stderr.on('data', (text) => (complaints += text));
    child.on('error', (error) => (complaints += error));
    const deadline = Date.now() + 20_000;
    for (const where of this.options.where) {
      while (!(await answers(where))) {
        const gone = child.exitCode !== null || child.pid === undefined;
        if (gone || Date.now() > deadline) {
          throw new Error(`${this.program} did not start\n${complaints}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async stop() {
    const { child } = this;
    this.child = null;
    const exited = once(child, 'exit');
    child.kill(this.options.signal);
    await exited;
  }

  async restart() {
    await this.stop();
    await this.start();
  }
}

/**
 * Bytes that no compression and no luck reproduces.
 *
 * @param {number} size
 */
const randomBytes = (size) => crypto.randomBytes(size);

/** @param {Uint8Array | string} data */
const sha256 = (data) => crypto.createHash('sha256').update(data).digest('hex');

module.exports = {
  Server,
  cache,
  credentials,
  freePort,
  install,
  load,
  main,
  randomBytes,
  runSteps,
  sha256,
  temporaryFolder,
};
