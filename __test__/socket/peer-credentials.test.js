'use strict';

// Who is at the other end of a Unix-domain socket.

const assert = require('node:assert');
const { execFileSync, spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { alone } = require('../helpers/both');
const {
  closed,
  destroyAfter,
  folder,
  listening,
  pair,
  whereIs,
} = require('../helpers/wire');

const isWindows = process.platform === 'win32';
const onUnix = isWindows ? () => {} : alone;
const knowsPid = process.platform === 'linux';

/** A process that connects to a path and stays. */
function connector(t, file, options) {
  const program = `use Socket;
    socket(my $s, PF_UNIX, SOCK_STREAM, 0) or die $!;
    connect($s, sockaddr_un($ARGV[0])) or die $!;
    sleep 60;`;
  const child = spawn('perl', ['-e', program, file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    ...options,
  });
  t.after(() => child.kill());
  return child;
}

const idOf = (flag) => Number(execFileSync('id', [flag]));

function expected(pid, uid, gid) {
  return knowsPid ? { pid, uid, gid } : { uid, gid };
}

onUnix('peerCredentials of both ends', async (net, t) => {
  const where = { path: path.join(folder(t), 'socket') };
  const { client, peer } = await pair(net, t, { where });
  const own = expected(process.pid, idOf('-u'), idOf('-g'));
  assert.deepStrictEqual(client.peerCredentials(), own);
  assert.deepStrictEqual(peer.peerCredentials(), own);
});

onUnix('peerCredentials of another process', async (net, t) => {
  const file = path.join(folder(t), 'socket');
  fs.chmodSync(path.dirname(file), 0o755);
  const where = { path: file, writableAll: true, readableAll: true };
  const server = await listening(net, t, where);
  const isRoot = process.getuid() === 0;
  // Nobody, in a group of its own.
  const other = isRoot ? { uid: 65_534, gid: 65_533 } : {};
  const accepted = once(server, 'connection');
  const child = connector(t, file, other);
  const [peer] = await accepted;
  const { uid = idOf('-u'), gid = idOf('-g') } = other;
  assert.deepStrictEqual(peer.peerCredentials(), expected(child.pid, uid, gid));
  // They stay when the process is gone.
  const closing = closed(peer);
  peer.on('end', () => {
    assert.strictEqual(peer.peerCredentials().uid, uid);
  });
  peer.resume();
  child.kill();
  await closing;
});

const refused = (code) => ({
  code,
  message: `peerCredentials ${code}`,
  syscall: 'peerCredentials',
});

alone('peerCredentials without a Unix-domain connection', async (net, t) => {
  const fresh = new net.Socket();
  assert.throws(() => fresh.peerCredentials(), refused('ENOTCONN'));
  const { client, server } = await pair(net, t);
  assert.throws(() => client.peerCredentials(), refused('ENOTSUP'));
  const late = destroyAfter(t, net.connect(whereIs(server)));
  assert.throws(() => late.peerCredentials(), refused('ENOTCONN'));
});

onUnix('peerCredentials of a bound path', async (net, t) => {
  const handle = new net.BoundSocket({ path: path.join(folder(t), 'bound') });
  const socket = destroyAfter(t, new net.Socket({ handle }));
  assert.throws(() => socket.peerCredentials(), refused('ENOTCONN'));
});
