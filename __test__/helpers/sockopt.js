'use strict';

// Options that live only in JavaScript would pass a naive test: this asks the
// kernel, by a child that inherits the descriptor.

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
};

/**
 * getsockopt, by perl: the one interpreter that every Debian has.
 *
 * @param {any} socket
 * @param {keyof typeof options} name
 */
function getsockopt(socket, name) {
  const { fd } = socket._handle;
  assert.ok(fd >= 0, 'the handle says which descriptor it has');
  const program = `open(my $s, '+<&=', 3) or die $!;
    print unpack('i', getsockopt($s, ${options[name]}) // die $!)`;
  const { stdout, stderr } = spawnSync('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'pipe', fd],
    encoding: 'utf8',
  });
  assert.strictEqual(stderr, '');
  return Number(stdout);
}

module.exports = { getsockopt };
