// The modules beside the main one.

import * as nodeNet from 'node:net';
import * as net from 'rust-net';
import { attach, detach, discard, fromNode, toNode } from 'rust-net/bridge';
import { pipe_wrap, stream_wrap, tcp_wrap } from 'rust-net/handles';
import * as legacy from 'rust-net/legacy';
import 'rust-net/register';
import { type Equal, expectTrue } from './equal';

const moved = toNode(new net.Socket());
expectTrue<Equal<typeof moved, nodeNet.Socket>>();
expectTrue<Equal<ReturnType<typeof fromNode>, net.Socket>>();
const there = attach(detach(new net.Socket()));
expectTrue<Equal<typeof there, net.Socket>>();
const listening = attach(detach(net.createServer()));
expectTrue<Equal<typeof listening, net.Server>>();
expectTrue<Equal<ReturnType<typeof discard>, boolean>>();
// @ts-expect-error no ticket
attach({ id: 'x' });

const handle = new tcp_wrap.TCP(tcp_wrap.constants.SOCKET);
expectTrue<Equal<typeof handle.fd, number>>();
const status: number = handle.readStart();
new pipe_wrap.Pipe(pipe_wrap.constants.SERVER).listen(status);
new stream_wrap.WriteWrap().oncomplete = (code) => void code.toFixed();
// @ts-expect-error a descriptor is a number
handle.open('1');

const stream = new legacy.Stream();
stream.on('secure', () => void stream.getCipher());
stream.setSecure({ key: 'key', cert: 'cert' });
const isKnown: boolean = stream.verifyPeer();
const server = legacy.createServer((each) => each.setEncoding('binary'));
server.listenFD(isKnown ? 3 : 4);
