'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { both, idOf } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');
const { bytesOf, destroyAfter, listening, take } = require('../helpers/wire');

/** A worker whose code is `program(net, parentPort, workerData)`. */
function worker(net, program, workerData) {
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    (${program})(require(${JSON.stringify(idOf(net))}), parentPort, workerData);`;
  return new Worker(code, { eval: true, workerData });
}

const echoServer = (net, parent) => {
  const server = net.createServer((c) => c.pipe(c));
  server.listen(0, '127.0.0.1', () => parent.postMessage(server.address()));
};

both('a server in a worker, a client in the main thread', async (net, t) => {
  const thread = worker(net, echoServer);
  t.after(() => thread.terminate());
  const [{ port }] = await once(thread, 'message');
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  client.write('across threads');
  assert.strictEqual(String(await take(client, 14)), 'across threads');
});

both('worker and main thread serve at the same time', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => c.pipe(c));
  const client = (module, parent, port) => {
    let left = 200;
    const socket = module.connect(port, '127.0.0.1');
    socket.write('x'.repeat(1000));
    let got = 0;
    socket.on('data', (chunk) => {
      got += chunk.length;
      if (got < 1000) return;
      got = 0;
      if (--left > 0) return socket.write('x'.repeat(1000));
      socket.end();
      parent.postMessage('done');
    });
  };
  const threads = [1, 2, 3].map(() =>
    worker(net, client, server.address().port),
  );
  await Promise.all(
    threads.map(async (thread) => {
      assert.deepStrictEqual(await once(thread, 'message'), ['done']);
      assert.deepStrictEqual(await once(thread, 'exit'), [0]);
    }),
  );
});

both('a worker terminated with sockets open', async (net, t) => {
  const thread = worker(net, (module, parent) => {
    const server = module.createServer((c) => c.write('x'.repeat(1 << 20)));
    server.listen(0, '127.0.0.1', () => {
      for (let i = 0; i < 20; i++) module.connect(server.address().port);
      parent.postMessage(server.address());
    });
  });
  const [{ port }] = await once(thread, 'message');
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  await once(client, 'data');
  const gone = new Promise((resolve) => {
    client.on('error', () => {}).on('close', resolve);
  });
  await thread.terminate();
  client.resume();
  await gone;
});

both('a worker terminated while it is busy with events', async (net) => {
  for (let i = 0; i < 5; i++) {
    const thread = worker(net, (module, parent) => {
      const server = module.createServer((c) => c.pipe(c));
      server.listen(0, () => {
        for (let n = 0; n < 10; n++) {
          const client = module.connect(server.address().port);
          client.on('data', (chunk) => client.write(chunk));
          client.write('x');
        }
        parent.postMessage('busy');
      });
    });
    await once(thread, 'message');
    assert.strictEqual(await thread.terminate(), 1);
  }
});

both('a worker ends by itself when all is closed', async (net) => {
  const thread = worker(net, (module) => {
    const server = module
      .createServer((c) => c.end('x'))
      .listen(0, () => {
        const client = module.connect(server.address().port);
        client.resume().on('close', () => server.close());
      });
  });
  assert.deepStrictEqual(await once(thread, 'exit'), [0]);
});

both('process.exit in a worker with sockets open', async (net) => {
  const thread = worker(net, (module) => {
    const server = module.createServer().listen(0, () => {
      module.connect(server.address().port, () => process.exit(5));
    });
  });
  assert.deepStrictEqual(await once(thread, 'exit'), [5]);
});

both('20 workers, one after the other and all at once', async (net) => {
  const ended = await runs(
    net,
    `(net) => {
      const { Worker } = require('node:worker_threads');
      const code = \`
        const net = require(\${JSON.stringify(${JSON.stringify(idOf(net))})});
        const server = net.createServer((c) => c.pipe(c)).listen(0, () => {
          const client = net.connect(server.address().port);
          client.on('data', () => { client.end(); server.close(); });
          client.write('x');
        });\`;
      const one = () => new Promise((resolve, reject) => {
        new Worker(code, { eval: true }).on('error', reject).on('exit', resolve);
      });
      (async () => {
        for (let i = 0; i < 5; i++) await one();
        const codes = await Promise.all(Array.from({ length: 20 }, one));
        console.log(codes.every((code) => code === 0));
      })();
    }`,
    { limit: 25_000 },
  );
  assert.deepStrictEqual(ended, fine('true\n'));
});

both('the module loaded first in a worker, then outside', async (net) => {
  const ended = await runs(
    net,
    `(net) => {
      const { Worker } = require('node:worker_threads');
      const name = ${JSON.stringify(idOf(net))};
      new Worker('require(' + JSON.stringify(name) + ').createServer().listen(0).unref()', { eval: true })
        .on('exit', (code) => {
          const server = net.createServer((c) => c.end('x')).listen(0, () => {
            net.connect(server.address().port).resume()
              .on('close', () => { console.log(code); server.close(); });
          });
        });
    }`,
  );
  assert.deepStrictEqual(ended, fine('0\n'));
});

both('a client reads to the end what a worker sends', async (net, t) => {
  const thread = worker(net, (module, parent) => {
    const server = module.createServer((c) => {
      c.end(Buffer.alloc(5_000_000, 'y'));
      server.close();
    });
    server.listen(0, '127.0.0.1', () => parent.postMessage(server.address()));
  });
  t.after(() => thread.terminate());
  const [{ port }] = await once(thread, 'message');
  const client = destroyAfter(t, net.connect(port, '127.0.0.1'));
  const data = await bytesOf(client);
  assert.strictEqual(data.length, 5_000_000);
});
