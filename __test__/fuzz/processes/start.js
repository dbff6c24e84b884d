'use strict';

/*
 * Starts one program in its own process, under the conditions of its run.
 */

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const LIMIT = 20_000;
const program = path.join(__dirname, 'program.js');
/** A limit of descriptors that a program can exhaust. */
const shell = 'ulimit -n 200; exec "$0" "$@"';

/** Descriptors that every program inherits: 3 listens, 4 is connected, 5 a file. */
class Heirlooms {
  async open(folder) {
    this.server = net.createServer((socket) => {
      socket.on('error', () => {}).pipe(socket);
    });
    await new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve(undefined));
    });
    const { port } = this.server.address();
    this.listener = net.createServer(() => {}).listen(0, '127.0.0.1');
    this.socket = net.connect(port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => this.socket.once('connect', resolve));
    this.file = fs.openSync(path.join(folder, 'file'), 'w+');
    return [this.listener._handle.fd, this.socket._handle.fd, this.file];
  }

  close() {
    this.listener.close();
    this.server.close();
    this.socket.destroy();
    fs.closeSync(this.file);
  }
}

function environment(conditions, argument) {
  const clean = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('RUST_NET_') || name === 'RUST_NET_BINARY',
  );
  return {
    ...Object.fromEntries(clean),
    ...conditions.variables,
    PROCESS_PROGRAM: JSON.stringify(argument),
  };
}

function flagsOf({ flags, way }, subject, root) {
  const isPreloaded = way === 'register' && subject === 'rust-net';
  const preload = isPreloaded ? ['-r', path.join(root, 'register.js')] : [];
  return ['--no-warnings', ...flags, ...preload];
}

/** Resolves with the output of a process and how it ended. */
function finish(child) {
  return new Promise((resolve) => {
    let [stdout, stderr, isLate] = ['', '', false];
    child.stdout.on('data', (text) => (stdout += text));
    child.stderr.on('data', (text) => (stderr += text));
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, LIMIT);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const end = isLate ? 'comes to no end' : String(signal ?? code);
      resolve({ stdout, stderr, end });
    });
  });
}

/**
 * @param {{ node: string, root: string, subject: string, conditions: any }} run
 * @returns {Promise<{ lines: string[], end: string, stderr: string }>}
 */
async function runProgram({ node, root, subject, conditions }) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-process-'));
  const heirlooms = new Heirlooms();
  const inherited = await heirlooms.open(folder);
  const argument = { root, subject, ...conditions };
  const flags = flagsOf(conditions, subject, root);
  const child = spawn('sh', ['-c', shell, node, ...flags, program], {
    cwd: folder,
    env: environment(conditions, argument),
    stdio: ['ignore', 'pipe', 'pipe', ...inherited],
  });
  const { stdout, stderr, end } = await finish(child);
  heirlooms.close();
  fs.rmSync(folder, { recursive: true, force: true });
  const plain = stdout.replaceAll(folder, 'FOLDER');
  return { lines: plain.split('\n').filter(Boolean), end, stderr };
}

module.exports = { runProgram };
