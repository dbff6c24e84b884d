// ESM: by name, and as one object. This file is run, too.

import assert from 'node:assert';
import net, {
  BlockList,
  connect,
  createServer,
  getStats,
  isIP,
} from 'rust-net';
import * as all from 'rust-net';
import bridge, {
  attach,
  detach,
  discard,
  fromNode,
  toNode,
} from 'rust-net/bridge';
import handles, { pipe_wrap, stream_wrap, tcp_wrap } from 'rust-net/handles';
import legacy, {
  createServer as createLegacyServer,
  Stream,
} from 'rust-net/legacy';
import 'rust-net/register';

const server: net.Server = createServer({ coalesce: false });
const make: typeof net.connect = connect;
assert.strictEqual(make, net.connect);
assert.strictEqual(all.createServer, net.createServer);
assert.strictEqual(all.default, net);
assert.strictEqual(isIP('::1'), 6);
assert.ok(new BlockList() instanceof net.BlockList);
assert.ok(server instanceof net.Server);
assert.strictEqual(getStats(server).accepted, 0);
assert.deepStrictEqual(
  { ...bridge },
  { attach, detach, discard, fromNode, toNode },
);
assert.deepStrictEqual({ ...handles }, { pipe_wrap, stream_wrap, tcp_wrap });
const stream: legacy.Stream = new Stream();
assert.ok(stream instanceof legacy.Stream);
assert.strictEqual(legacy.createServer, createLegacyServer);

// What is asked for once register is loaded.
const asked = await import('node:net');
assert.strictEqual(asked.default, net);
assert.strictEqual(asked.createServer, createServer);
