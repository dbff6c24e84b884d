// rust-net/legacy: the API of node 0.1 to 0.4, and all of rust-net.

import * as net from 'rust-net';
import * as legacy from 'rust-net/legacy';
import { type Equal, expectTrue } from './equal.js';

// What stays as it is.
expectTrue<Equal<typeof legacy.getStats, typeof net.getStats>>();
expectTrue<Equal<typeof legacy.BlockList, typeof net.BlockList>>();
expectTrue<Equal<typeof legacy.BoundSocket, typeof net.BoundSocket>>();
expectTrue<Equal<legacy.AddressInfo, net.AddressInfo>>();

// Streams.
const stream: legacy.Stream = new legacy.Stream({ coalesce: false });
expectTrue<Equal<typeof legacy.Socket, typeof legacy.Stream>>();
expectTrue<Equal<typeof legacy.Stream, legacy.StreamConstructor>>();
expectTrue<Equal<typeof legacy.Stream.prototype, legacy.Stream>>();
legacy.Stream(3).setTypeOfService(16);
stream.setEncoding('binary').setEncoding(null).setEncoding();
const encoding: legacy.Encoding = 'ascii';
stream.setEncoding(encoding);
const credentials: legacy.Credentials = { key: 'key', cert: 'cert' };
stream.setSecure(credentials);
stream.setSecure();
const isKnown = stream.verifyPeer();
expectTrue<Equal<typeof isKnown, boolean>>();
const subject = stream.getPeerCertificate().subject;
const cipher = stream.getCipher().name;
expectTrue<Equal<typeof cipher, string | undefined>>();
const same = stream
  .on('secure', () => void subject)
  .once('secure', () => {})
  .on('data', (data: string) => void data)
  .once('end', () => {});
expectTrue<Equal<typeof same, legacy.Stream>>();
expectTrue<Equal<legacy.ReadyState, net.SocketReadyState>>();
net.getStats(stream).queued.toFixed();
// @ts-expect-error a key is text or bytes
stream.setSecure({ key: 1 });
// @ts-expect-error there is no such encoding
stream.setEncoding('utf-7');

// Servers.
type Dropped = net.DropArgument | undefined;
const listener: legacy.Listener = (each) => each.setSecure();
const server: legacy.Server = legacy.createServer(listener);
legacy.createServer({ relay: false }, (each) => each.setSecure());
new legacy.Server(listener);
new legacy.Server({ coalesce: false }, listener);
legacy.Server(listener);
legacy.Server({ offload: true }, listener);
expectTrue<Equal<typeof legacy.Server, legacy.ServerConstructor>>();
expectTrue<Equal<typeof legacy.Server.prototype, legacy.Server>>();
expectTrue<Equal<typeof legacy.createServer, legacy.CreateServer>>();
expectTrue<Equal<typeof server.connections, number>>();
const sameServer = server
  .listenFD(3)
  .on('connection', (each) => each.setSecure())
  .on('drop', (data) => expectTrue<Equal<typeof data, Dropped>>())
  .on('of a user', (word: string) => void word)
  .once('connection', (each) => each.setSecure())
  .once('error', (error) => expectTrue<Equal<typeof error, Error>>())
  .once('of a user', (word: string) => void word);
expectTrue<Equal<typeof sameServer, legacy.Server>>();
// @ts-expect-error a descriptor is a number
server.listenFD('3');

// Connecting.
expectTrue<Equal<typeof legacy.createConnection, legacy.Connect>>();
expectTrue<Equal<typeof legacy.connect, legacy.Connect>>();
legacy.connect(1, 'localhost', () => {}).setSecure();
legacy.connect('1', () => {});
legacy.connect(1, () => {}).setSecure();
legacy.connect('/tmp/socket').setSecure();
legacy.createConnection({ port: 1, relay: false }, () => {}).setSecure();
