'use strict';

// RUST_NET_DEBUG: the log of the native side, on standard error.

const assert = require('node:assert');
const { alone } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');

/** Echoes 100 bytes and counts them. */
function echo(net) {
  const server = net.createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1');
    let count = 0;
    client.on('data', (data) => (count += data.length));
    client.on('close', () =>
      server.close(() => process.stdout.write(`${count}`)),
    );
    client.end(Buffer.alloc(100));
  });
}

const iteration =
  /^rust-net \d+\.\d{6} iteration \d+: (\d+) ready, (\d+) events; system calls: (\d+) polls, (\d+) accepts, (\d+) reads, (\d+) sends$/;

for (const driver of process.platform === 'linux'
  ? ['on-loop', 'threaded']
  : ['threaded']) {
  alone(
    `the log of the ${driver} driver has each loop iteration`,
    async (net) => {
      const env = { RUST_NET_DEBUG: '1', RUST_NET_DRIVER: driver };
      const { stdout, stderr, code } = await runs(net, echo, { env });
      assert.deepStrictEqual([code, stdout], [0, '100']);
      const [first, ...lines] = stderr.trimEnd().split('\n');
      assert.match(
        first,
        new RegExp(`^rust-net \\d+\\.\\d{6} driver ${driver}$`),
      );
      const counts = lines.map((line) =>
        line.match(iteration)?.slice(1).map(Number),
      );
      assert.ok(!counts.includes(undefined), stderr);
      const sums = [0, 1, 2, 3, 4, 5].map((place) =>
        counts.reduce((sum, each) => sum + (each?.[place] ?? 0), 0),
      );
      const [ready, events, , accepts, reads, sends] = sums;
      // Both ends connect, read 100 bytes and an end, and close.
      assert.ok(ready >= 3 && events >= 6, stderr);
      assert.ok(accepts >= 1 && reads >= 2 && sends >= 1, stderr);
    },
  );
}

for (const env of [{}, { RUST_NET_DEBUG: '0' }]) {
  alone(`nothing is written with ${JSON.stringify(env)}`, async (net) => {
    assert.deepStrictEqual(await runs(net, echo, { env }), fine('100'));
  });
}
