'use strict';

// A port of 127.0.0.0/8 that answers no connect: its queue is full, and Linux drops
// what asks for more.

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const nodeNet = require('node:net');
const { destroyAfter } = require('./wire');

// Perl listens and never accepts: a server of node's accepts at once.
const program = `use Socket;
  $| = 1;
  socket(my $s, PF_INET, SOCK_STREAM, 0) or die $!;
  bind($s, sockaddr_in(0, INADDR_ANY)) or die $!;
  listen($s, 0) or die $!;
  print((sockaddr_in(getsockname($s)))[0]);
  sleep 60;`;

/**
 * Opens such a port until the test ends.
 *
 * @param {any} t
 * @returns {Promise<number>}
 */
async function fullPort(t) {
  const child = spawn('perl', ['-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill());
  const [output] = await once(child.stdout, 'data');
  const port = Number(output);
  const filler = nodeNet.connect(port, '127.0.0.1');
  await once(destroyAfter(t, filler), 'connect');
  return port;
}

module.exports = { fullPort };
