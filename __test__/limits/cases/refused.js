'use strict';

/*
 * A seccomp profile that refuses one system call: what a container or an old kernel
 * may do.
 */

const { execFileSync, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { Ends } = require('../judge');
const { run } = require('../start');

const job = { connections: 3, size: 300_000 };
const calls = [
  ...[
    'splice',
    'accept4',
    'sendto',
    'sendmsg',
    'recvfrom',
    'recvmsg',
    'shutdown',
  ],
  ...['getsockopt', 'setsockopt', 'getpeername', 'getsockname'],
  ...[
    'epoll_create1',
    'epoll_ctl',
    'eventfd2',
    'pipe2',
    'dup3',
    'clone3',
    'ppoll',
  ],
];
const codes = ['EPERM', 'ENOSYS'];

/** Returns why no profile can be made; undefined if one can. */
function reasonForNone() {
  if (process.platform !== 'linux') return 'seccomp is for Linux';
  return spawnSync('cc', ['--version']).status === 0
    ? undefined
    : 'no C compiler to build refuse.c';
}

let program;

function build() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-refuse-'));
  process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
  const made = path.join(folder, 'refuse');
  execFileSync('cc', ['-o', made, path.join(__dirname, '../refuse.c')]);
  return made;
}

async function play(subject, { isShort }) {
  program ??= build();
  const ends = new Map();
  for (const call of calls) {
    for (const code of isShort ? codes.slice(0, 1) : codes) {
      const { errno } = os.constants;
      const wrapper = [program, call, `${errno[code]}`];
      const ran = await run('echo', job, subject, { wrapper });
      const name = `${call} ${code}`;
      ends.set(name, new Ends());
      ends.get(name).add(name, ran);
    }
  }
  return ends;
}

module.exports = { title: 'a refused system call', play, reasonForNone };
