// rust-net/bridge: from one kind of socket to the other, and between threads.

import * as nodeNet from 'node:net';
import * as net from 'rust-net';
import {
  attach,
  detach,
  discard,
  fromNode,
  toNode,
  type TransferToken,
} from 'rust-net/bridge';
import { type Equal, expectTrue } from './equal.js';

const moved = toNode(new net.Socket());
expectTrue<Equal<typeof moved, nodeNet.Socket>>();
const back = fromNode(moved);
expectTrue<Equal<typeof back, net.Socket>>();
// @ts-expect-error a Socket
toNode(net.createServer());

const socket = detach(back);
expectTrue<Equal<typeof socket, TransferToken<net.Socket>>>();
const server = detach(net.createServer());
expectTrue<Equal<typeof server, TransferToken<net.Server>>>();
expectTrue<Equal<typeof socket.type, 'net.Socket'>>();
expectTrue<Equal<typeof server.type, 'net.Server'>>();
expectTrue<Equal<typeof socket.id, string>>();
expectTrue<Equal<typeof socket.received, Uint8Array | null>>();
expectTrue<Equal<typeof socket.options, object>>();

const connection = attach(socket);
expectTrue<Equal<typeof connection, net.Socket>>();
const listening = attach(server);
expectTrue<Equal<typeof listening, net.Server>>();
const [first, second] = [discard(socket), discard(server)];
expectTrue<Equal<typeof first, boolean>>();
expectTrue<Equal<typeof second, boolean>>();
// @ts-expect-error not a transfer token
attach({ id: 'x' });
// @ts-expect-error it is read-only
socket.id = 'x';
