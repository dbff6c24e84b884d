'use strict';

const assert = require('node:assert');
const { fork, spawn } = require('node:child_process');
const { once } = require('node:events');
const node = require('node:net');
const path = require('node:path');
const { createInterface } = require('node:readline');
const { alone, both, idOf } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');
const { destroyAfter, take, until } = require('../helpers/wire');

const { SIZE } = require('../fixtures/uploads');

const uploads = path.join(__dirname, '..', 'fixtures', 'uploads.js');
const shell = 'ulimit -n 48; exec "$0" "$@"';

// Accepts until it cannot, says what that cost, and goes on when told to.
const listener = (net) => {
  const open = new Set();
  const server = net.createServer((c) => {
    open.add(c);
    c.on('error', () => {}).on('close', () => open.delete(c));
    c.resume().write('accepted');
  });
  server.on('error', (error) => console.log('error', error.code));
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.once('data', () => {
    // Emptied when it stays so: what waits in the backlog is accepted first.
    let empty = 0;
    setInterval(() => {
      empty = open.size === 0 ? empty + 1 : 0;
      if (empty === 10) console.log('empty');
    }, 20);
    const before = process.cpuUsage();
    // What is measured is that nothing is done: there is no event to wait for.
    setTimeout(() => {
      const { user, system } = process.cpuUsage(before);
      const held = open.size > 10 && open.size < 48;
      console.log(held ? 'full' : `holds ${open.size}`);
      console.log(user + system < 300_000 ? 'idle' : 'busy');
    }, 600);
  });
};

both('out of descriptors: the listener recovers', async (net, t) => {
  const program = `(${listener})(require(${JSON.stringify(idOf(net))}))`;
  const child = spawn('sh', ['-c', shell, process.execPath, '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout });
  const next = async () => (await once(lines, 'line'))[0];
  const connect = (port) => {
    const client = node.connect(port, '127.0.0.1').on('error', () => {});
    return destroyAfter(t, client);
  };

  const port = Number(await next());
  const clients = Array.from({ length: 100 }, () => connect(port).resume());
  await Promise.all(clients.slice(0, 10).map((c) => once(c, 'data')));
  // As many as can be are let in; the rest are refused or left waiting.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const said = [];
  lines.on('line', (line) => said.push(line));
  child.stdin.write('measure\n');
  await until(() => said.length === 2);
  assert.deepStrictEqual(said, ['full', 'idle']);

  clients.forEach((client) => client.destroy());
  await until(() => said.at(-1) === 'empty');
  const late = connect(port);
  assert.strictEqual(String(await take(late, 8)), 'accepted');
  assert.strictEqual(child.exitCode, null);
});

// Says how many uploads came in whole.
const receiver = (net, size) => {
  let finished = 0;
  const server = net.createServer((socket) => {
    let received = 0;
    socket.on('data', (chunk) => (received += chunk.length));
    socket.on('close', () => received === size && finished++);
  });
  server.listen(0, '127.0.0.1', () => console.log(server.address().port));
  process.stdin.on('data', () => console.log(finished));
};

// Connections that peers have filled and left need none for long.
both('short uploads need few descriptors', { since: '20' }, async (net, t) => {
  const COUNT = 1200;
  const program = `(${receiver})(require(${JSON.stringify(idOf(net))}), ${SIZE})`;
  const args = ['-c', 'ulimit -n 150; exec "$0" "$@"', process.execPath];
  const server = spawn('sh', [...args, '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.after(() => server.kill('SIGKILL'));
  const lines = createInterface({ input: server.stdout });
  const next = async () => (await once(lines, 'line'))[0];

  const child = fork(uploads, [await next(), `${COUNT}`]);
  t.after(() => child.kill('SIGKILL'));
  const [code] = await once(child, 'exit');
  assert.strictEqual(code, 0);
  let finished;
  do {
    server.stdin.write('how many\n');
    finished = Number(await next());
  } while (finished < COUNT);
  assert.strictEqual(finished, COUNT);
});

// Takes every descriptor that is free, of a program that has a socket already:
// rust-net has read its files by then.
const exhausted = `
void new module.Socket();
const held = [];
try {
  for (;;) held.push(require('node:fs').openSync('/dev/null'));
} catch {
  // As many as there are.
}
function report(error) {
  for (const fd of held) require('node:fs').closeSync(fd);
  console.log(error.code, error.syscall);
}
`;

both('out of descriptors: a client gets EMFILE', async (net) => {
  const program = `(module) => {
    ${exhausted}
    module.connect(1, '127.0.0.1').on('error', report);
  }`;
  const ended = await runs(net, program, { shell });
  assert.deepStrictEqual(ended, fine('EMFILE connect\n'));
});

both('out of descriptors: listen gets EMFILE', async (net) => {
  const program = `(module) => {
    ${exhausted}
    module.createServer().on('error', report).listen(0, '127.0.0.1');
  }`;
  const ended = await runs(net, program, { shell });
  assert.deepStrictEqual(ended, fine('EMFILE listen\n'));
});

both('descriptors are not inherited by a child', async (net) => {
  const program = (module) => {
    const { spawnSync } = require('node:child_process');
    const server = module.createServer().listen(0, () => {
      const client = module.connect(server.address().port, () => {
        const found = spawnSync('ls', ['-l', '/proc/self/fd'], {
          encoding: 'utf8',
          stdio: ['ignore', 'pipe', 'ignore'],
        });
        const sockets = found.stdout.match(/socket:/g) ?? [];
        // Its own stdout is one.
        console.log(sockets.length <= 1);
        client.destroy();
        server.close();
      });
    });
  };
  assert.deepStrictEqual(await runs(net, program), fine('true\n'));
});

// Node 18's own blocks: it has nothing to compare with.
const compared = parseInt(process.versions.node, 10) < 20 ? alone : both;
compared('a listener that is made blocking blocks nobody', async (net) => {
  const program = (module) => {
    const server = module.createServer((c) => c.end('hello'));
    server.listen(0, '127.0.0.1', () => {
      console.log(server._handle.setBlocking(true));
      const client = module.connect(server.address().port, '127.0.0.1');
      client.on('data', (data) => console.log(`${data}`));
      client.on('close', () => server.close());
    });
  };
  assert.deepStrictEqual(await runs(net, program), fine('0\nhello\n'));
});

// With two descriptors to spare there is room for a file to be read, and none
// for what waits for the sockets.
const lacking = (id) => {
  const fs = require('node:fs');
  const taken = [];
  const take = () => {
    try {
      for (;;) taken.push(fs.openSync('/dev/null'));
    } catch (error) {
      if (error.code !== 'EMFILE') throw error;
    }
  };
  const give = (count) => taken.splice(-count).forEach(fs.closeSync);
  take();
  give(2);
  const net = require(id);
  const seen = [net.isIP('::1'), new net.BlockList().check('1.2.3.4')];
  const client = net.connect(1, '127.0.0.1');
  client.on('error', (error) => {
    seen.push(error.message, error.code, error.syscall, error.port);
    const server = net.createServer();
    server.on('error', ({ message }) => {
      seen.push(message);
      give(20);
      server.removeAllListeners('error').listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        net.connect(port, '127.0.0.1').on('close', () => {
          server.close();
          console.log(JSON.stringify(seen));
        });
      });
    });
    server.on('connection', (socket) => socket.end());
    server.listen(0, '127.0.0.1');
  });
};

alone(
  'few descriptors: it loads, and says so at the first socket',
  async (net) => {
    const source = `(${lacking})(${JSON.stringify(idOf(net))})`;
    const child = spawn('sh', ['-c', shell, process.execPath, '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout });
    const [line] = await once(lines, 'line');
    const connecting =
      'connect EMFILE 127.0.0.1:1 - Local (undefined:undefined)';
    assert.deepStrictEqual(JSON.parse(line), [
      6,
      false,
      connecting,
      'EMFILE',
      'connect',
      1,
      'listen EMFILE: too many open files 127.0.0.1',
    ]);
  },
);

// A Socket of ours on a handle of node's ended the process.
alone("a connection stays node's where no descriptor is left", async (net) => {
  const program = (net) => {
    const fs = require('node:fs');
    const { fromNode } = require(process.env.BRIDGE);
    const server = require('node:net').createServer((peer) => {
      const taken = [];
      try {
        for (;;) taken.push(fs.openSync('/dev/null'));
      } catch {
        // Now there are none.
      }
      try {
        fromNode(peer).end('taken');
      } catch ({ syscall, code }) {
        console.log(syscall, code);
      }
      taken.forEach((fd) => fs.closeSync(fd));
      if (!peer.destroyed) peer.end('left');
    });
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('data', (chunk) => console.log(`${chunk}`));
      client.on('close', () => server.close());
    });
  };
  const env = { BRIDGE: require.resolve('../../bridge') };
  assert.deepStrictEqual(
    await runs(net, program, { shell, env }),
    fine('dup EMFILE\nleft\n'),
  );
});
