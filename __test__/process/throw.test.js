'use strict';

const assert = require('node:assert');
const { both } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');

// Eight connections whose data arrives while JavaScript is busy, so that all of
// it comes in one batch; the handler of the third throws.
const batch = (net) => {
  const { AsyncLocalStorage } = require('node:async_hooks');
  const storage = new AsyncLocalStorage();
  const order = [];
  process.on('uncaughtException', (error) => order.push(error.message));
  const server = net.createServer().listen(0, () => {
    const peers = [];
    const clients = [];
    server.on('connection', (c) => {
      const id = peers.push(c);
      c.on('data', () => {
        if (storage.getStore() !== undefined) order.push('leaked');
        storage.enterWith(id);
        order.push(`data ${id}`);
        process.nextTick(() => order.push(`tick ${id}`));
        Promise.resolve().then(() => order.push(`microtask ${id}`));
        if (id === 3) throw new Error('thrown in data');
        if (id === 5) {
          process.nextTick(() => {
            throw new Error('thrown in a tick');
          });
        }
        if (id === 8) setImmediate(done);
      });
      if (id === 8) setImmediate(start);
      else next();
    });
    const next = () => clients.push(net.connect(server.address().port));
    next();
    function start() {
      for (const client of clients) client.write('x');
      const end = Date.now() + 50;
      while (Date.now() < end);
    }
    function done() {
      console.log(order.join('\n'));
      process.exit();
    }
  });
};

both('a throw in a handler loses no other event', async (net) => {
  const { code, stdout, stderr } = await runs(net, batch);
  assert.strictEqual(stderr, '');
  assert.strictEqual(code, 0);
  const lines = stdout.trim().split('\n');
  for (let id = 1; id <= 8; id++) {
    const places = ['data', 'tick', 'microtask'].map((what) =>
      lines.indexOf(`${what} ${id}`),
    );
    assert.ok(!places.includes(-1), `of ${id} something is missing\n${stdout}`);
    assert.deepStrictEqual(
      places,
      [...places].sort((a, b) => a - b),
    );
  }
  assert.ok(lines.includes('thrown in data'));
  assert.ok(lines.includes('thrown in a tick'));
  assert.ok(!lines.includes('leaked'));
});

const throwing = {
  'a connect handler': `(net) => {
    process.on('uncaughtException', (e) => { console.log(e.message); process.exit(); });
    const server = net.createServer().listen(0, () => {
      net.connect(server.address().port, () => { throw new Error('mine'); });
    });
  }`,
  'a connection handler': `(net) => {
    process.on('uncaughtException', (e) => { console.log(e.message); process.exit(); });
    const server = net.createServer(() => { throw new Error('mine'); });
    server.listen(0, () => net.connect(server.address().port));
  }`,
  'a write callback': `(net) => {
    process.on('uncaughtException', (e) => { console.log(e.message); process.exit(); });
    const server = net.createServer().listen(0, () => {
      const c = net.connect(server.address().port);
      c.write(Buffer.alloc(4 << 20), () => {});
      c.write('x', () => { throw new Error('mine'); });
      server.on('connection', (peer) => peer.resume());
    });
  }`,
  'a close handler': `(net) => {
    process.on('uncaughtException', (e) => { console.log(e.message); process.exit(); });
    const server = net.createServer((c) => c.end()).listen(0, () => {
      net.connect(server.address().port).resume()
        .on('close', () => { throw new Error('mine'); });
    });
  }`,
  'an end handler': `(net) => {
    process.on('uncaughtException', (e) => { console.log(e.message); process.exit(); });
    const server = net.createServer((c) => c.end()).listen(0, () => {
      net.connect(server.address().port).resume()
        .on('end', () => { throw new Error('mine'); });
    });
  }`,
};
for (const [name, program] of Object.entries(throwing)) {
  both(`${name} that throws: uncaughtException`, async (net) => {
    assert.deepStrictEqual(await runs(net, program), fine('mine\n'));
  });
}

both('a throw nobody catches ends the process', async (net) => {
  const { code, stderr } = await runs(net, (module) => {
    const server = module
      .createServer((c) => c.write('x'))
      .listen(0, () => {
        module.connect(server.address().port).on('data', () => {
          throw new Error('nobody catches');
        });
      });
  });
  assert.strictEqual(code, 1);
  assert.match(stderr, /Error: nobody catches/);
});

both('a rejection in a handler is unhandledRejection', async (net) => {
  const ended = await runs(net, (module) => {
    process.on('unhandledRejection', (error) => {
      console.log(error.message);
      process.exit();
    });
    const server = module
      .createServer((c) => c.write('x'))
      .listen(0, () => {
        module.connect(server.address().port).on('data', async () => {
          throw new Error('rejected');
        });
      });
  });
  assert.deepStrictEqual(ended, fine('rejected\n'));
});
