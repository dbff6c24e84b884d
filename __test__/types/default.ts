// `import net from`, from CommonJS as from ESM.

import net, { createServer, type SocketConstructorOpts } from 'rust-net';
import bridge, { toNode } from 'rust-net/bridge';
import handles, { tcp_wrap } from 'rust-net/handles';
import legacy, { Stream } from 'rust-net/legacy';
import { type Equal, expectTrue } from './equal.js';

expectTrue<Equal<typeof net.createServer, typeof createServer>>();
expectTrue<Equal<net.SocketConstructorOpts, SocketConstructorOpts>>();
expectTrue<Equal<typeof bridge.toNode, typeof toNode>>();
expectTrue<Equal<typeof handles.tcp_wrap, typeof tcp_wrap>>();
expectTrue<Equal<typeof legacy.Stream, typeof Stream>>();
const server: net.Server = net.createServer();
const stream: legacy.Stream = new legacy.Stream();
void [server, stream];
// @ts-expect-error there is no such name
net.createClient();
