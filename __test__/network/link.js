'use strict';

// A bad network between two namespaces, by the program in `relay/`. Its end `a` has the
// addresses 10.77.0.1 and fd77::1, its end `b` 10.77.0.2 and fd77::2. Everything ends
// with the relay, which ends with this process.

const { execFileSync, spawn, spawnSync } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const readline = require('node:readline');

const root = path.resolve(__dirname, '../..');

/** Returns why there can be no link here; undefined where there can. */
function reasonForNoLink() {
  if (process.platform !== 'linux') return "namespaces are Linux's";
  if (!fs.existsSync('/dev/net/tun')) return 'there is no /dev/net/tun';
  for (const [command, flag] of [
    ['ip', '-V'],
    ['cargo', '--version'],
    ['nsenter', '--version'],
  ]) {
    const { status } = spawnSync(command, [flag]);
    if (status !== 0) return `there is no ${command}`;
  }
  const held = spawnSync('unshare', ['--net', 'true']);
  return held.status === 0 ? undefined : 'no right to make a namespace';
}

/** Builds the relay, which takes a moment when nothing has changed. */
function buildRelay() {
  const args = ['build', '--release', '-q', '-p', 'rust-net-relay'];
  execFileSync('cargo', args, { cwd: root, stdio: 'inherit' });
  const target = process.env.CARGO_TARGET_DIR ?? path.join(root, 'target');
  return path.join(target, 'release/rust-net-relay');
}

let built;

/** A child whose output is lines. */
class Lines {
  constructor(child) {
    this.child = child;
    const lines = readline.createInterface({ input: child.stdout });
    this.iterator = lines[Symbol.asyncIterator]();
  }

  /** Resolves with the next line; undefined at the end. */
  async next() {
    return (await this.iterator.next()).value;
  }

  /** Resolves with the next line as what it says in JSON. */
  async report() {
    const line = await this.next();
    if (line === undefined) throw new Error('the child has ended');
    return JSON.parse(line);
  }

  say(line) {
    this.child.stdin.write(`${line}\n`);
  }

  async end() {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }
}

class Link {
  #relay;
  #ends;
  #children = [];

  static async start({ seed = 1, mtu = 1500 } = {}) {
    built ??= buildRelay();
    const link = new Link();
    const child = spawn(built, [`${seed}`, `${mtu}`], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    link.#relay = new Lines(child);
    const [a, b] = (await link.#relay.next()).split(' ');
    link.#ends = { a, b };
    return link;
  }

  /** Sends a command to the relay: see `relay/src/main.rs`. */
  async tell(command) {
    this.#relay.say(command);
    const answer = await this.#relay.next();
    if (/^unknown/.test(answer)) throw new Error(answer);
    return answer;
  }

  /** Starts a program at an end. */
  run(end, command, args) {
    const inside = [`--net=${this.#ends[end]}`, command, ...args];
    const child = spawn('nsenter', inside, {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = new Lines(child);
    this.#children.push(lines);
    return lines;
  }

  /** Starts `ends.js` at an end, for a job. */
  play(end, job) {
    const program = path.join(__dirname, 'ends.js');
    return this.run(end, process.execPath, [program, JSON.stringify(job)]);
  }

  async stop() {
    for (const each of this.#children) await each.end();
    await this.#relay.end();
  }
}

module.exports = { Link, reasonForNoLink };
