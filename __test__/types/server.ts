// A Server, and what it can be told.

import * as net from 'rust-net';
import { type Equal, expectTrue } from './equal.js';

const options: net.ServerOpts = {
  allowHalfOpen: true,
  blockList: new net.BlockList(),
  coalesce: false,
  highWaterMark: 1024,
  keepAlive: true,
  keepAliveInitialDelay: 1000,
  noDelay: true,
  offload: true,
  copyWrites: true,
  pauseOnConnect: false,
  relay: false,
  handOver: false,
  maxConnectionsPerAddress: 10,
  acceptRate: 100,
  proxyProtocol: 'require',
  proxyTimeout: 1000,
  trusted: new net.BlockList(),
};
const server = net.createServer(options, (socket) =>
  expectTrue<Equal<typeof socket, net.Socket>>(),
);
expectTrue<Equal<typeof server, net.Server>>();
net.createServer((socket) => void socket.setTypeOfService(16));
new net.Server(options, (socket) => void socket.getTypeOfService());
new net.Server((socket) => void socket.server?.close());
expectTrue<Equal<net.ServerOpts['coalesce'], boolean | undefined>>();
expectTrue<Equal<net.ServerOpts['offload'], boolean | undefined>>();
expectTrue<Equal<net.ServerOpts['copyWrites'], boolean | undefined>>();
expectTrue<Equal<net.ServerOpts['relay'], boolean | undefined>>();
expectTrue<Equal<net.ServerOpts['handOver'], boolean | undefined>>();
const mark = net
  .createServer({ ...options, userTimeout: 5000, mark: 1, fastOpen: true })
  .getSocketOption('mark');
expectTrue<Equal<typeof mark, number | undefined>>();
// @ts-expect-error not a boolean
net.createServer({ multipath: 1 });
// @ts-expect-error not a boolean
net.createServer({ coalesce: 1 });
// @ts-expect-error not a boolean
net.createServer({ offload: 'yes' });
// @ts-expect-error not a boolean
net.createServer({ relay: 'on' });
// @ts-expect-error there is no such option
net.createServer({ gather: true });

const place: net.ListenOptions = {
  backlog: 5,
  handle: new net.BoundSocket(),
  port: 0,
  reusePort: true,
  shared: true,
  unlinkOnClose: false,
  unlinkStale: true,
};
server.listen(place, () => {});
server.listen(new net.BoundSocket({ port: 0 }));
// @ts-expect-error not a boolean
const wrong: net.ListenOptions = { port: 0, reusePort: 1 };
void wrong;
// @ts-expect-error not a boolean
const neither: net.ListenOptions = { port: 0, shared: 'yes' };
void neither;
expectTrue<Equal<net.ListenOptions['shared'], boolean | undefined>>();
expectTrue<Equal<typeof server.dropMaxConnection, boolean>>();
const closed = server[Symbol.asyncDispose]();
expectTrue<Equal<typeof closed, Promise<void>>>();

const closing: net.CloseOptions = { timeout: 5000 };
server
  .close()
  .close((error) => void error?.message)
  .close(closing)
  .close(closing, (error, counts) => {
    expectTrue<Equal<typeof counts, net.CloseCounts | undefined>>();
    void [error?.message, counts?.ended, counts?.reset];
  });
server.closeIdleConnections();
server.pauseAccepting().resumeAccepting();
server.maxConnectionsPerAddress = 10;
server.acceptRate = undefined;
server.proxyProtocol = 'accept';
server.proxyTimeout = 100;
server.trusted = new net.BlockList();
// @ts-expect-error neither of both
net.createServer({ proxyProtocol: true });
server.on('drop', (data) => {
  expectTrue<
    Equal<NonNullable<typeof data>['reason'], net.ProxyRefusal | undefined>
  >();
});
// @ts-expect-error not a number
net.createServer({ acceptRate: '10/s' });
server.closeAllConnections();
// @ts-expect-error not a number
server.close({ timeout: '5s' });

// Events.
const dropped: net.DropArgument = {
  localAddress: '127.0.0.1',
  localFamily: 'IPv4',
  localPort: 1,
  remoteAddress: '127.0.0.1',
  remoteFamily: 'IPv4',
  remotePort: 2,
};
expectTrue<
  Equal<net.ServerEventMap['close'], [counts?: net.CloseCounts | undefined]>
>();
expectTrue<Equal<net.ServerEventMap['connection'], [socket: net.Socket]>>();
expectTrue<
  Equal<net.ServerEventMap['drop'], [data?: net.DropArgument | undefined]>
>();
expectTrue<Equal<net.ServerEventMap['error'], [error: Error]>>();
expectTrue<Equal<net.ServerEventMap['listening'], []>>();
function onConnection(socket: net.Socket) {
  socket.setTypeOfService(16);
}
const same = server
  .addListener('connection', (each) =>
    expectTrue<Equal<typeof each, net.Socket>>(),
  )
  .on('connection', (each) => expectTrue<Equal<typeof each, net.Socket>>())
  .once('connection', (each) => expectTrue<Equal<typeof each, net.Socket>>())
  .prependListener('connection', (each) =>
    expectTrue<Equal<typeof each, net.Socket>>(),
  )
  .prependOnceListener('connection', (each) =>
    expectTrue<Equal<typeof each, net.Socket>>(),
  )
  .off('connection', onConnection)
  .on('drop', (data = dropped) => void data.remotePort?.toFixed())
  .on('error', (error) => void error.message)
  .on('listening', () => {});
expectTrue<Equal<typeof same, net.Server>>();
server
  .addListener('of a user', (word: string) => void word)
  .on('of a user', (word: string) => void word)
  .once(Symbol('of a user'), (word: string) => void word)
  .prependListener('of a user', (word: string) => void word)
  .prependOnceListener('of a user', (word: string) => void word);
// @ts-expect-error a Socket has no such member
server.on('connection', (socket) => socket.nothing);

const handle = net._createServerHandle('127.0.0.1', 0, 4, -1, 0);
expectTrue<Equal<typeof handle, any>>();
