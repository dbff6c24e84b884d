'use strict';

// The process goes where node:net's would, and stays where that would stay.

const assert = require('node:assert');
const { both } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');

// Servers close once they have accepted: before, the kernel resets what waits.
const exits = {
  'the module alone': () => {},
  'a socket that never connects': (net) => new net.Socket(),
  'a server that never listens': (net) => net.createServer(),
  'an unref()ed server': (net) => net.createServer().listen(0).unref(),
  'a server unref()ed later': (net) => {
    const server = net.createServer().listen(0, () => server.unref());
  },
  'an unref()ed Unix server': (net) =>
    net.createServer().listen('\0rust-net-exit').unref(),
  'a closed server': (net) => {
    const server = net.createServer().listen(0, () => server.close());
  },
  'a closed server whose connection ended': (net) => {
    const server = net
      .createServer((c) => c.end())
      .listen(0, () => {
        net.connect(server.address().port).resume();
        server.once('connection', () => server.close());
      });
  },
  'unref()ed sockets on both sides': (net) => {
    const server = net
      .createServer((c) => {
        c.unref();
        server.close();
      })
      .listen(0, () => {
        const client = net.connect(server.address().port, () => {
          client.unref();
        });
      });
  },
  'an unref()ed connect to who does not answer': (net) => {
    const server = net
      .createServer((c) => c.unref())
      .listen(0, () => {
        net.connect(server.address().port).unref();
        server.unref();
      });
  },
  'unref() before connect': (net) => {
    const server = net
      .createServer((c) => c.unref())
      .listen(0, () => {
        const socket = new net.Socket();
        socket.unref();
        socket.connect(server.address().port);
        server.unref();
      });
  },
  'destroyed sockets': (net) => {
    const server = net
      .createServer((c) => c.destroy())
      .listen(0, () => {
        const client = net.connect(server.address().port);
        client.on('error', () => {});
        client.on('close', () => server.close());
        client.resume();
      });
  },
  'a timeout on an unref()ed socket': (net) => {
    const server = net
      .createServer((c) => {
        c.unref();
        server.close();
      })
      .listen(0, () => {
        const client = net.connect(server.address().port, () => {
          client.setTimeout(3_600_000);
          client.unref();
        });
      });
  },
  'a refused connect, caught': (net) => {
    net.connect('/nowhere/at/all').on('error', () => {});
  },
  'a BlockList': (net) => {
    new net.BlockList().addAddress('127.0.0.1');
  },
};
for (const [name, program] of Object.entries(exits)) {
  both(`exits: ${name}`, async (net) => {
    assert.deepStrictEqual(await runs(net, program), fine());
  });
}

const stays = {
  'a listening server': (net) => net.createServer().listen(0),
  'a server ref()ed again': (net) => net.createServer().listen(0).unref().ref(),
  'a connection, its server closed': (net) => {
    const server = net
      .createServer(() => server.close())
      .listen(0, () => net.connect(server.address().port));
  },
  'a paused socket with data': (net) => {
    const server = net
      .createServer((c) => {
        c.write('data');
        server.close();
      })
      .listen(0, () => net.connect(server.address().port).pause());
  },
  'a socket ref()ed again': (net) => {
    const server = net
      .createServer((c) => {
        c.unref();
        server.close();
      })
      .listen(0, () => {
        const client = net.connect(server.address().port, () => {
          client.unref();
          client.ref();
        });
      });
  },
};
for (const [name, program] of Object.entries(stays)) {
  both(`stays: ${name}`, async (net) => {
    const { code, signal, stdout, stderr } = await runs(net, program, {
      limit: 1500,
    });
    assert.strictEqual(stdout + stderr, '');
    assert.deepStrictEqual({ code, signal }, { code: null, signal: 'SIGKILL' });
  });
}

both('process.exit in a write callback', async (net) => {
  const program = (module) => {
    const server = module
      .createServer((c) => c.resume())
      .listen(0, () => {
        const client = module.connect(server.address().port);
        client.write('x', () => process.exit(7));
      });
  };
  const { code, stderr } = await runs(net, program);
  assert.deepStrictEqual({ code, stderr }, { code: 7, stderr: '' });
});

both('process.exit in every event', async (net) => {
  for (const event of ['connect', 'data', 'end', 'close', 'finish']) {
    const program = `(net) => {
      const server = net.createServer((c) => c.end('x')).listen(0, () => {
        const client = net.connect(server.address().port);
        client.on('${event}', () => process.exit(7));
        client.resume();
      });
    }`;
    const { code, stderr } = await runs(net, program);
    assert.deepStrictEqual({ code, stderr }, { code: 7, stderr: '' }, event);
  }
});

both('what was written before process.exit arrives', async (net, t) => {
  const { bytesOf, listening } = require('../helpers/wire');
  const node = require('node:net');
  const server = await listening(node, t);
  const { once } = require('node:events');
  const accepted = once(server, 'connection').then(([c]) => bytesOf(c));
  const ended = await runs(
    net,
    `(net) => {
      const client = net.connect(${server.address().port}, '127.0.0.1', () => {
        client.write('one ');
        client.write('two ');
        client.write(Buffer.from('three'));
        process.exit();
      });
    }`,
  );
  assert.deepStrictEqual(ended, fine());
  assert.strictEqual(String(await accepted), 'one two three');
});

both('an unhandled error ends the process with 1', async (net) => {
  const { code, stderr } = await runs(net, (module) => {
    module.connect('/nowhere/at/all');
  });
  assert.strictEqual(code, 1);
  assert.match(stderr, /Error: connect ENOENT \/nowhere\/at\/all/);
});

both('beforeExit finds nothing open, and may open more', async (net) => {
  const program = (module) => {
    let rounds = 0;
    process.on('beforeExit', () => {
      if (rounds++ === 3) return console.log(rounds);
      const server = module
        .createServer((c) => c.end('x'))
        .listen(0, () => {
          const client = module.connect(server.address().port);
          client.resume().on('close', () => server.close());
        });
    });
  };
  assert.deepStrictEqual(await runs(net, program), fine('4\n'));
});
