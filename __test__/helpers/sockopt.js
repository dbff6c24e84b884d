'use strict';

// Reads socket options from the kernel, in a child process that inherits the
// descriptor. Otherwise options that are only stored in JavaScript would pass the
// tests.

const assert = require('node:assert');
const { spawnSync } = require('node:child_process');

const options = {
  keepAlive: [1, 9],
  noDelay: [6, 1],
  keepIdle: [6, 4],
  keepInterval: [6, 5],
  keepCount: [6, 6],
  typeOfService: [0, 1],
  trafficClass: [41, 67],
  sendBufferSize: [1, 7],
  recvBufferSize: [1, 8],
  interface: [1, 25],
  mark: [1, 36],
  multipath: [1, 38],
  transparent: [0, 19],
  congestion: [6, 13],
  userTimeout: [6, 18],
  fastOpenQueue: [6, 23],
  notSentLowat: [6, 25],
  fastOpen: [6, 30],
};
const texts = new Set(['interface', 'congestion']);

/**
 * Calls getsockopt in perl, which every Debian system has.
 *
 * @param {any} socket
 * @param {keyof typeof options} name
 */
function getsockopt(socket, name) {
  const { fd } = socket._handle;
  assert.ok(fd >= 0, 'the handle says which descriptor it has');
  const program = `open(my $s, '+<&=', 3) or die $!;
    print unpack('${texts.has(name) ? 'Z*' : 'i'}', getsockopt($s, ${options[name]}) // die $!)`;
  const { stdout, stderr } = spawnSync('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  });
  assert.strictEqual(stderr, '');
  return texts.has(name) ? stdout : Number(stdout);
}

module.exports = { getsockopt };
