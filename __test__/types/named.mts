// ESM: by name, and as one object.

import assert from 'node:assert';
import net, { BlockList, connect, createServer, isIP } from 'rust-net';
import * as all from 'rust-net';
import bridge, { toNode } from 'rust-net/bridge';
import handles, { tcp_wrap } from 'rust-net/handles';
import legacy, { createServer as createLegacyServer } from 'rust-net/legacy';

const server: net.Server = createServer({ coalesce: false });
const make: typeof net.connect = connect;
assert.strictEqual(make, net.connect);
assert.strictEqual(all.createServer, net.createServer);
assert.strictEqual(isIP('::1'), 6);
assert.ok(new BlockList() instanceof net.BlockList);
assert.ok(server instanceof net.Server);
assert.strictEqual(bridge.toNode, toNode);
assert.strictEqual(handles.tcp_wrap, tcp_wrap);
assert.strictEqual(legacy.createServer, createLegacyServer);
