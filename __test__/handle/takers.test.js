'use strict';

// Functions of node that take a handle in C++. A program gets hold of a handle by
// `socket._handle`; with one of rust-net's they work or throw, and never crash.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const nodeNet = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { promisify } = require('node:util');
const { alone, both, nodeIs } = require('../helpers/both');

const root = path.join(__dirname, '../..');

const answer = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A parser that notes its calls. */
function createParser(log) {
  const { HTTPParser } = require('_http_common');
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.RESPONSE, {});
  parser[HTTPParser.kOnHeadersComplete | 0] = () => void log.push('headers');
  parser[HTTPParser.kOnBody | 0] = (body) => void log.push(String(body));
  parser[HTTPParser.kOnMessageComplete | 0] = () => void log.push('complete');
  parser[HTTPParser.kOnExecute | 0] = (result) => {
    const bytes = parser.getCurrentBuffer();
    assert.ok(Buffer.isBuffer(bytes));
    log.push(result instanceof Error ? result.code : result === bytes.length);
  };
  return parser;
}

/** Returns the two ends of a connection. */
async function connect(net, t, options) {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection');
  const client = net.connect({ port: server.address().port, ...options });
  client.on('error', () => {});
  const [peer] = await accepted;
  server.close();
  t.after(() => client.destroy());
  t.after(() => peer.destroy());
  return { client, peer };
}

/** Waits until the parser has seen something new. */
async function grow(log) {
  for (const { length } = log; log.length === length;) {
    await new Promise(setImmediate);
  }
}

both('a parser consumes a handle', async (net, t) => {
  const log = [];
  const { client, peer } = await connect(net, t);
  const parser = createParser(log);
  client.on('end', () => log.push('end'));
  client.resume();
  parser.consume(client._handle);
  peer.write(answer);
  await grow(log);
  peer.write('5\r\nfirst\r\n');
  await grow(log);
  peer.end('0\r\n\r\n');
  await once(client, 'close');
  parser.unconsume();
  assert.deepStrictEqual(log, [
    'headers',
    true,
    'first',
    true,
    'complete',
    true,
    'end',
  ]);
});

both('after unconsume() the socket reads again', async (net, t) => {
  const log = [];
  const { client, peer } = await connect(net, t);
  const parser = createParser(log);
  client.on('data', (data) => log.push(`data ${data}`));
  parser.consume(client._handle);
  peer.write(answer);
  await grow(log);
  parser.unconsume();
  parser.unconsume();
  peer.write('text');
  await grow(log);
  parser.consume(client._handle);
  peer.write('4\r\nbody\r\n');
  await grow(log);
  assert.deepStrictEqual(log, ['headers', true, 'data text', 'body', true]);
});

both('a parser that fails says so', async (net, t) => {
  const log = [];
  const { client, peer } = await connect(net, t);
  client.resume();
  createParser(log).consume(client._handle);
  peer.write('no http');
  await grow(log);
  assert.deepStrictEqual(log, ['HPE_INVALID_CONSTANT']);
});

both("a parser reads past a user's buffer", async (net, t) => {
  const log = [];
  const onread = {
    buffer: Buffer.alloc(8),
    callback: (length, buffer) =>
      void log.push(`read ${buffer.toString('latin1', 0, length)}`),
  };
  const { client, peer } = await connect(net, t, { onread });
  const parser = createParser(log);
  parser.consume(client._handle);
  peer.write(answer);
  while (!log.includes('headers')) await new Promise(setImmediate);
  await new Promise(setImmediate);
  parser.unconsume();
  peer.write('text');
  await grow(log);
  assert.strictEqual(log.at(-1), 'read text');
  assert.ok(!log.slice(0, -1).some((each) => /read/.test(each)));
});

alone('a parser takes a handle that is older than http', async () => {
  const source = `
    const net = require(${JSON.stringify(root)});
    const server = net.createServer((peer) => {
      peer.end('HTTP/1.1 204 No Content\\r\\n\\r\\n');
      server.close();
    }).listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      const { HTTPParser } = require('_http_common');
      const parser = new HTTPParser();
      parser.initialize(HTTPParser.RESPONSE, {});
      parser[HTTPParser.kOnHeadersComplete | 0] = () => console.log('headers');
      const handle = client._handle;
      parser.consume(handle);
      client.resume();
    });`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '-e',
    source,
  ]);
  assert.strictEqual(stdout, 'headers\n');
});

/** Each passes a handle to a function of node. */
const takers = {
  tlsWrap(handle) {
    const { context } = require('node:tls').createSecureContext();
    process.binding('tls_wrap').wrap(handle, context, false, false);
  },
  spawn(handle) {
    const { Process } = process.binding('process_wrap');
    const stdio = [{ type: 'wrap', handle }];
    const { execPath: file } = process;
    const args = ['node'];
    // Since Node 24 there are arguments instead of options.
    if (nodeIs('24')) new Process().spawn(file, args, undefined, [], stdio, 0);
    else new Process().spawn({ file, args, stdio });
  },
};

for (const [name, take] of Object.entries(takers)) {
  alone(`${name} refuses a handle of rust-net`, async (net, t) => {
    const { client } = await connect(net, t);
    assert.throws(() => take(client._handle), {
      code: 'ERR_INVALID_ARG_VALUE',
      message: /must be a handle of node's/,
    });
  });
}

const inSocketOfNode = (handle) => new nodeNet.Socket({ handle });

const wrappers = {
  tls: (handle) => new (require('node:tls').TLSSocket)(inSocketOfNode(handle)),
  http: (handle) =>
    require('node:http')
      .createServer()
      .emit('connection', inSocketOfNode(handle)),
};

for (const [name, wrap] of Object.entries(wrappers)) {
  alone(`a socket of node around a handle for ${name}`, async (net, t) => {
    const { client } = await connect(net, t);
    try {
      wrap(client._handle);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  });
}
