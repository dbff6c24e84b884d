'use strict';

// What NODE_DEBUG=net prints, line by line as node:net's own.

const assert = require('node:assert');
const { idOf, same } = require('../helpers/both');
const { runs } = require('../helpers/child');

/** Lines without what differs from one process to the next. */
function plain(stderr) {
  return stderr
    .replace(/^NET \d+: /gm, 'NET: ')
    .replace(/(port: |127\.0\.0\.1[ :]|nowhere[^ ]* )\d+/g, '$1N')
    .replace(/rust-net-debug-\d+/g, 'NAME')
    .split('\n');
}

// Which end of a connection the threaded driver's thread sees first is nobody's
// promise; there the lines are compared, not their order.
const isOrdered = process.env.RUST_NET_DRIVER !== 'threaded';

/** What `program` says of itself; it must end by itself. */
async function told(net, program) {
  const { code, stderr } = await runs(net, program, {
    env: { NODE_DEBUG: 'net' },
  });
  assert.strictEqual(code, 0, stderr);
  const lines = plain(stderr);
  assert.ok(lines.length > 10, `${idOf(net)} said ${stderr}`);
  return isOrdered ? lines : lines.sort();
}

const programs = {
  'echo over TCP': (net) => {
    const server = net.createServer((c) => c.pipe(c));
    server.listen(0, '127.0.0.1', () => {
      const c = net.connect(server.address().port, '127.0.0.1', () => {
        c.write('hello');
      });
      c.on('data', () => c.end());
      c.on('close', () => server.close());
    });
  },
  'echo over a Unix socket, chunk by chunk': (net) => {
    const path = require('node:path').join(
      require('node:os').tmpdir(),
      `rust-net-debug-${process.pid}`,
    );
    const server = net.createServer((c) => c.on('data', (d) => c.write(d)));
    server.listen(path, () => {
      const c = net.connect(path);
      let left = 5;
      c.on('data', () => (left-- ? c.write('again') : c.destroy()));
      c.on('close', () => server.close());
      c.write('hello');
    });
  },
  'a name that is looked up': (net) => {
    // One end at a time: which of two hears first is nobody's promise.
    const server = net.createServer({ pauseOnConnect: true });
    const ends = [];
    const has = (end) => {
      if (ends.push(end) < 2) return;
      const client = ends.find((each) => each.host);
      client.on('close', () => server.close());
      client.on('close', () => ends.forEach((each) => each.destroy()));
      // Both have begun to read, or would have.
      setImmediate(() => client.destroy());
    };
    server.on('connection', has);
    server.listen(0, '127.0.0.1', () => {
      const lookup = (host, options, callback) => {
        const found = [{ address: '127.0.0.1', family: 4 }];
        const answer = options.all ? [found] : ['127.0.0.1', 4];
        process.nextTick(callback, null, ...answer);
      };
      const { port } = server.address();
      const c = net.connect({ port, host: 'nowhere.test', lookup });
      c.on('connect', () => has(Object.assign(c, { host: 'nowhere.test' })));
    });
  },
  'a timeout, then a reset': (net) => {
    // The peer does not look: in which turn it would hear of the reset is
    // nobody's promise.
    const server = net.createServer({ pauseOnConnect: true });
    server.on('connection', (peer) => {
      client.setTimeout(20, () => client.resetAndDestroy());
      client.on('close', () => server.close(() => {}));
      client.on('close', () => peer.destroy());
    });
    let client;
    server.listen(0, '127.0.0.1', () => {
      client = net.connect(server.address().port, '127.0.0.1');
    });
  },
  'nobody listens': (net) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => net.connect(port, '127.0.0.1').on('error', () => {}));
    });
  },
};

for (const [name, program] of Object.entries(programs)) {
  same(name, (net) => told(net, program));
}
