'use strict';

// `npx rust-net doctor`: prints what rust-net runs on, which features are missing,
// and whether it works. It tries everything out, so it does not need /proc.

const { once } = require('node:events');
const fs = require('node:fs');
const os = require('node:os');
const util = require('node:util');

const {
  checkSettings,
  isHttpOn,
  nativeSettings,
} = require('../lib/common/settings');
const { version, engines } = require('../package.json');
const { loadAddon } = require('./load-addon');
const { echo, withPath } = require('./self-test');

/** The duration of each of the three parts of the self-test, in milliseconds. */
const PART_MS = 650;
const FEW_DESCRIPTORS = 1024;
/** Options that the kernel, or the rights of the process, may not allow, each with a value. */
const kernelOptions = {
  fastOpen: true,
  multipath: true,
  interface: 'lo',
  mark: 1,
  transparent: true,
};

let failed = false;

/**
 * Prints one line, and remembers a failure for the exit code.
 *
 * @param {'ok' | 'note' | 'FAIL'} level
 * @param {string} subject
 * @param {string} text
 */
function say(level, subject, text) {
  failed ||= level === 'FAIL';
  console.log(`${level.padEnd(5)} ${subject.padEnd(12)} ${text}`);
}

function report() {
  try {
    return /** @type {any} */ (process.report?.getReport()) ?? {};
  } catch {
    return {};
  }
}

function sayMachine({ header = {}, userLimits = {} }) {
  const libc = header.glibcVersionRuntime
    ? `, glibc ${header.glibcVersionRuntime}`
    : '';
  console.log(
    `rust-net ${version}, Node ${process.versions.node}, ` +
      `${process.platform} ${process.arch}, kernel ${os.release()}${libc}\n`,
  );
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 18 || (major === 18 && minor < 19)) {
    say('FAIL', 'Node', `rust-net needs Node ${engines.node}`);
  }
  const { soft, hard } = userLimits.open_files ?? {};
  if (soft !== undefined) {
    // Each connection needs one.
    const isFew = Number(soft) < FEW_DESCRIPTORS;
    const more = isFew ? `; \`ulimit -n\` allows up to ${hard}` : '';
    say(isFew ? 'note' : 'ok', 'descriptors', `${soft} open at once${more}`);
  }
}

function sayProc() {
  // If /proc is not mounted, it is an empty folder.
  if (process.platform !== 'linux' || fs.existsSync('/proc/self')) return;
  say('note', '/proc', 'is not mounted; rust-net does not need it');
}

function sayBinary() {
  const outcome = loadAddon();
  if (!('reason' in outcome)) {
    const { file } = outcome;
    const size = file
      ? ` (${Math.ceil(fs.statSync(file).size / 1024)} KiB)`
      : '';
    say('ok', 'binary', `${file ?? 'loaded'}${size}`);
    return true;
  }
  say('FAIL', 'binary', outcome.reason);
  for (const file of outcome.files) console.log(`      found:       ${file}`);
  for (const line of outcome.details) console.log(`      message:     ${line}`);
  return false;
}

function saySettings() {
  for (const { name, value, objection } of checkSettings()) {
    if (objection === undefined) say('ok', 'setting', `${name}=${value}`);
    else say('note', 'setting', objection);
  }
}

/** Returns the level and the text for the driver that is in use. */
function describeDriver({ driver, fallback }) {
  if (fallback) {
    return [
      'note',
      `${driver}, because Node's own loop cannot watch the sockets here ` +
        `(${fallback}). Everything works; a request costs more.`,
    ];
  }
  return driver === 'on-loop'
    ? ['ok', "on-loop: Node's own event loop waits for the sockets"]
    : ['ok', 'threaded: a separate thread waits for the sockets'];
}

function openedEnvironment() {
  const { native, openEnvironment } = require('../lib/handle/native');
  const status = openEnvironment();
  if (status !== 0) throw new Error(util.getSystemErrorName(status));
  return native;
}

function sayDriver() {
  const chosen = nativeSettings().driver;
  let native;
  try {
    native = openedEnvironment();
  } catch (error) {
    const text = `${chosen} cannot start: ${error.message}.`;
    const advice = chosen === 'on-loop' ? ' Unset RUST_NET_DRIVER.' : '';
    say('FAIL', 'driver', text + advice);
    return false;
  }
  const [level, text] = describeDriver(native);
  say(level, 'driver', text);
  return true;
}

/**
 * Answers one request of node:http. Throws unless both ends were rust-net's.
 *
 * @param {any} net rust-net
 */
async function tryHttp(net) {
  const http = require('node:http');
  const before = net.getStats().http;
  const server = http.createServer((request, response) => response.end('ok'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('net').AddressInfo} */ (server.address());
  const request = http.get({ port, host: '127.0.0.1', agent: false });
  const [answer] = await once(request, 'response');
  answer.resume();
  await once(answer, 'end');
  server.close();
  const { accepted, opened } = net.getStats().http;
  if (accepted !== before.accepted + 1 || opened !== before.opened + 1) {
    throw new Error("node:http has kept node's sockets");
  }
}

/** Says whether node:http can be, and is to be, on rust-net's sockets. */
async function sayHttp(net) {
  const { install, uninstall } = require('../http');
  if (!isHttpOn()) {
    say('note', 'http', "stays on node's sockets: RUST_NET_HTTP=0");
    return;
  }
  install();
  try {
    await tryHttp(net);
    say('ok', 'http', "on rust-net's sockets under rust-net/register");
  } catch (error) {
    say('FAIL', 'http', error.message);
  } finally {
    uninstall();
  }
}

/** Lists the node internals that rust-net uses. */
function sayInternals() {
  const { listInternals } = require('../lib/node/internals');
  // Loading these files registers the internals that they use.
  require('../lib/net').loadSockets();
  require('../http');
  for (const { name, isFound, without } of listInternals()) {
    if (isFound) say('ok', 'internal', name);
    else say('note', 'internal', `${name} not found: ${without}`);
  }
}

/** Says whether TLS on a socket gets the connection itself. */
async function sayTls(net) {
  const server = net.createServer((socket) => socket.on('error', () => {}));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = net.connect(server.address().port, '127.0.0.1');
  await once(socket, 'connect');
  const secure = require('node:tls').connect({ socket });
  secure.on('error', () => {}).destroy();
  server.close();
  const { handedOver } = net.getStats();
  if (handedOver > 0) say('ok', 'TLS', 'connections are handed over to it');
  else {
    say('note', 'TLS', 'its records pass through the sockets, and are slower');
  }
}

/**
 * Returns '' when a server can listen there, otherwise the error's message.
 *
 * @param {any} net rust-net
 * @param {object} where
 * @param {object} [options] of the server
 */
async function tryListen(net, where, options) {
  try {
    const server = net.createServer(options);
    server.listen(where);
    await once(server, 'listening');
    server.close();
    return '';
  } catch (error) {
    return error.message;
  }
}

async function sayKernel(net) {
  const features = {
    IPv6: { port: 0, host: '::1' },
    reusePort: { port: 0, host: '127.0.0.1', reusePort: true },
  };
  if (process.platform === 'linux') {
    features['abstract'] = { path: `\0rust-net-doctor-${process.pid}` };
  }
  for (const [name, where] of Object.entries(features)) {
    sayFeature(name, await tryListen(net, where));
  }
  if (process.platform !== 'linux') return;
  const where = { port: 0, host: '127.0.0.1' };
  for (const [name, value] of Object.entries(kernelOptions)) {
    sayFeature(name, await tryListen(net, where, { [name]: value }));
  }
}

/**
 * @param {string} name
 * @param {string} refusal '' if the feature is there
 */
function sayFeature(name, refusal) {
  if (refusal === '') say('ok', name, 'available');
  else say('note', name, `not available here: ${refusal}`);
}

async function sayEcho(net, name, where) {
  try {
    const count = await echo(net, where, PART_MS);
    if (count === 0) throw new Error('no echo arrived');
    say('ok', 'self-test', `${name}: ${count} echoes, every byte correct`);
  } catch (error) {
    say('FAIL', 'self-test', `${name}: ${error.message}`);
  }
}

async function saySelfTest(net) {
  await sayEcho(net, 'TCP, IPv4', { port: 0, host: '127.0.0.1' });
  const v6 = { port: 0, host: '::1' };
  if ((await tryListen(net, v6)) === '') await sayEcho(net, 'TCP, IPv6', v6);
  const kind = process.platform === 'win32' ? 'pipe' : 'Unix socket';
  await withPath((path) => sayEcho(net, kind, { path }));
}

/**
 * Runs the command.
 *
 * @param {string[]} args must be empty
 * @returns {Promise<number>} the exit code
 */
async function run(args) {
  if (args.length > 0) {
    console.error(`rust-net doctor: unknown argument ${args[0]}`);
    return 2;
  }
  sayMachine(report());
  sayProc();
  saySettings();
  if (sayBinary() && sayDriver()) {
    const net = require('../index.js');
    sayInternals();
    if (process.versions.openssl) await sayTls(net);
    await sayKernel(net);
    await sayHttp(net);
    await saySelfTest(net);
  }
  console.log(failed ? '\nSomething does not work.' : '\nEverything works.');
  return failed ? 1 : 0;
}

module.exports = { describeDriver, run };
