'use strict';

// Writes that the kernel refuses: nothing is sent behind what is lost, and what
// can be sent a moment later is not lost.

const assert = require('node:assert');
const test = require('node:test');
const { both, subjects } = require('../helpers/both');
const { fine, runs } = require('../helpers/child');
const { failing, reasonForNone } = require('../helpers/faults');

const reason = reasonForNone();

/** Each way in which small writes can leave. */
const modes = {
  coalescing: { RUST_NET_COALESCE: '1' },
  'write through': { RUST_NET_COALESCE: '0' },
  offload: { RUST_NET_COALESCE: '1', RUST_NET_OFFLOAD: '1' },
};

/**
 * Answers a request by `answer`, to a peer of node's own, and prints what either
 * has seen. Two writes in an earlier callback make rust-net coalesce those of the
 * answer.
 */
function program(net) {
  const answer = eval(process.env.ANSWER);
  const seen = { peer: [], bytes: '' };
  const server = net.createServer((socket) => {
    seen.socket = [];
    socket.once('data', () => {
      socket.write('r');
      socket.write('y');
      socket.once('data', () => answer(socket, process.env.FAULT_MARK));
    });
    socket.on('error', ({ code, syscall }) =>
      seen.socket.push(`${syscall} ${code}`),
    );
    socket.on('close', (hadError) => seen.socket.push(`close ${hadError}`));
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const peer = require('node:net').connect({ port, host: '127.0.0.1' });
    peer.write('?');
    peer.on('data', (chunk) => {
      const isReady = seen.bytes.length >= 2;
      seen.bytes += chunk.toString('latin1');
      if (!isReady && seen.bytes.length >= 2) peer.write('!');
    });
    peer.on('end', () => seen.peer.push('end'));
    peer.on('error', ({ code }) => seen.peer.push(code));
    peer.on('close', () => server.close());
  });
  process.on('exit', () => {
    const runs = seen.bytes.slice(2).match(/(.)\1*/g) ?? [];
    seen.bytes = runs.map((run) => `${run[0]}${run.length}`).join(' ');
    require('node:fs').writeSync(1, JSON.stringify(seen));
  });
}

async function see(net, code, times, answer, mode = {}) {
  const env = { ...failing(code, times), ...mode, ANSWER: `(${answer})` };
  const { stdout, ...rest } = await runs(net, program, { env });
  assert.deepStrictEqual({ stdout: '', ...rest }, fine());
  return JSON.parse(stdout);
}

if (reason) {
  test('writes that the kernel refuses', { skip: reason }, () => {});
} else {
  const lost = ['write ENOMEM', 'close true'];

  for (const [mode, env] of Object.entries(modes)) {
    both(`${mode}: nothing is sent behind bytes that are lost`, async (net) => {
      const seen = await see(
        net,
        'ENOMEM',
        1,
        (socket, mark) => {
          socket.write(mark);
          socket.write(Buffer.alloc(100_000, 'b'));
          socket.write('c');
        },
        env,
      );
      assert.strictEqual(seen.bytes, '');
      assert.deepStrictEqual(seen.socket, lost);
    });

    both(`${mode}: the end does not come behind lost bytes`, async (net) => {
      const answer = (socket, mark) => {
        socket.write(mark);
        socket.end('end');
      };
      const seen = await see(net, 'ENOMEM', 1, answer, env);
      assert.strictEqual(seen.bytes, '');
      assert.deepStrictEqual(seen.socket, lost);
    });

    both(`${mode}: a list that takes several calls is refused`, async (net) => {
      const answer = (socket, mark) => {
        const tell = ({ code }) =>
          socket.emit('error', { code, syscall: 'callback' });
        socket.cork();
        socket.write(mark, tell);
        for (let i = 0; i < 1100; i++) socket.write('x');
        socket.uncork();
      };
      const seen = await see(net, 'ENOMEM', 1, answer, env);
      assert.strictEqual(seen.bytes, '');
      assert.deepStrictEqual(seen.socket, ['callback ENOMEM', ...lost]);
    });

    both(`${mode}: a write that ENOBUFS refuses is made again`, async (net) => {
      const answer = (socket, mark) => {
        socket.write('a');
        socket.write(mark);
        socket.write('c');
        socket.end();
      };
      const seen = await see(net, 'ENOBUFS', 3, answer, env);
      assert.match(seen.bytes, /^a1 @1 f1 a1 i1 l1 @1 c1$/);
      assert.deepStrictEqual(seen.socket, ['close false']);
      assert.deepStrictEqual(seen.peer, ['end']);
    });

    both(`${mode}: a large write that ENOBUFS refuses`, async (net) => {
      const answer = (socket, mark) => {
        socket.end(Buffer.concat([Buffer.from(mark), Buffer.alloc(1e6, 'x')]));
      };
      const seen = await see(net, 'ENOBUFS', 3, answer, env);
      assert.match(seen.bytes, /x1000000$/);
      assert.deepStrictEqual(seen.socket, ['close false']);
    });
  }

  both('a list that ENOBUFS refuses is made again', async (net) => {
    const answer = (socket, mark) => {
      socket.cork();
      socket.write(Buffer.alloc(100_000, 'x'));
      socket.write(mark);
      socket.write(Buffer.alloc(100_000, 'y'));
      socket.uncork();
      socket.end();
    };
    const seen = await see(net, 'ENOBUFS', 3, answer);
    assert.match(seen.bytes, /^x100000 .* y100000$/);
    assert.deepStrictEqual(seen.socket, ['close false']);
  });

  both('a callback that blocks: ENOBUFS is tried again', async (net) => {
    const answer = (socket, mark) => {
      socket.write(mark);
      const end = Date.now() + 30;
      while (Date.now() < end);
      socket.end('z');
    };
    const seen = await see(net, 'ENOBUFS', 5, answer);
    assert.match(seen.bytes, /z1$/);
    assert.deepStrictEqual(seen.socket, ['close false']);
  });

  both('ENOBUFS in a pipe from a socket to another', async (net) => {
    const answer = (socket, mark) => {
      const { createServer } = require('node:net');
      const source = createServer((from) => {
        from.write('a'.repeat(1000));
        // In two pieces, so that it is the second hop whose send fails.
        setImmediate(() => {
          from.write('b'.repeat(1000) + mark.slice(0, 2));
          from.end(`${mark.slice(2)}c`);
        });
        source.close();
      });
      source.listen(0, '127.0.0.1', () => {
        const { port } = source.address();
        const from = new socket.constructor();
        from.connect({ port, host: '127.0.0.1' }).pipe(socket);
      });
    };
    const seen = await see(net, 'ENOBUFS', 4, answer);
    assert.match(seen.bytes, /^a1000 b1000 @1 .* @1 c1$/);
    assert.deepStrictEqual(seen.peer, ['end']);
  });

  if (subjects.includes('rust-net')) {
    for (const mode of ['coalescing', 'offload']) {
      test(`rust-net: ${mode}: the peer of lost bytes is reset`, async () => {
        const answer = (socket, mark) => {
          socket.write(mark);
          socket.end();
        };
        const net = require('../..');
        const seen = await see(net, 'ENOMEM', 1, answer, modes[mode]);
        assert.deepStrictEqual(seen.peer, ['ECONNRESET']);
        assert.deepStrictEqual(seen.socket, lost);
      });
    }
  }
}
