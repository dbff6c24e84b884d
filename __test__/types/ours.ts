// What rust-net has on every Node, whatever the installed @types/node says.

import * as net from 'rust-net';
import { type Equal, expectTrue } from './equal';

// Options of its own, and those that older Nodes do not have.
const server = net.createServer(
  {
    allowHalfOpen: true,
    blockList: new net.BlockList(),
    coalesce: false,
    highWaterMark: 1024,
    keepAlive: true,
    keepAliveInitialDelay: 1000,
    noDelay: true,
    offload: true,
    pauseOnConnect: false,
    relay: false,
  },
  (socket) => expectTrue<Equal<typeof socket, net.Socket>>(),
);
expectTrue<Equal<typeof server, net.Server>>();
// @ts-expect-error not a boolean
net.createServer({ coalesce: 1 });
// @ts-expect-error not a boolean
new net.Socket({ offload: 'yes' });
// @ts-expect-error there is no such option
net.createServer({ gather: true });

server.listen({ port: 0, reusePort: true, backlog: 5 });
server.listen({ handle: new net.BoundSocket({ port: 0 }) });
expectTrue<Equal<typeof server.dropMaxConnection, boolean>>();

const socket = net.connect({
  port: 1,
  host: 'localhost',
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 250,
  blockList: new net.BlockList(),
  coalesce: true,
  offload: false,
  relay: true,
  timeout: 1000,
  typeOfService: 16,
});
expectTrue<Equal<typeof socket, net.Socket>>();
expectTrue<Equal<ReturnType<typeof net.createConnection>, net.Socket>>();
net.connect({ path: '/tmp/socket', relay: false });
net.createConnection('/tmp/socket', () => {}).destroySoon();
// @ts-expect-error neither a port nor a path
net.connect({ host: 'localhost' });

socket
  .setKeepAlive(true, 1000, 1000, 5)
  .setKeepAlive({ enable: true, initialDelay: 1, interval: 1, count: 1 })
  .setTypeOfService(16);
// @ts-expect-error a number of milliseconds
socket.setKeepAlive({ enable: true, interval: '1s' });
expectTrue<Equal<ReturnType<typeof socket.getTypeOfService>, number>>();
expectTrue<Equal<typeof socket.autoSelectFamilyAttemptedAddresses, string[]>>();
expectTrue<
  Equal<
    net.SocketReadyState,
    'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed'
  >
>();

// BoundSocket.
const bound = new net.BoundSocket({ host: '::1', port: 0, ipv6Only: true });
expectTrue<Equal<ReturnType<typeof bound.fd>, number>>();
new net.BoundSocket({ path: '/tmp/socket' })[Symbol.dispose]();
new net.Socket({ handle: bound });
// @ts-expect-error one or the other
new net.BoundSocket({ path: '/tmp/socket', port: 1 });

// SocketAddress and BlockList of Node 26.
const parsed = net.SocketAddress.parse('127.0.0.1:80');
expectTrue<Equal<typeof parsed, net.SocketAddress | undefined>>();
expectTrue<Equal<typeof parsed extends infer T ? T : never, typeof parsed>>();
expectTrue<Equal<net.IPVersion, 'ipv4' | 'ipv6'>>();
const list = new net.BlockList();
list.addAddresses(['10.0.0.1', new net.SocketAddress()], 'ipv4');
list.addCIDR('10.0.0.0/8');
list.addCIDRs(net.BlockList.PRIVATE_RANGES);
list.removeAddress('10.0.0.1');
list.removeRange('10.0.0.1', '10.0.0.2', 'ipv4');
list.removeSubnet('10.0.0.0', 8);
list.removeCIDR('10.0.0.0/8');
list.fromJSON(list.toJSON());
list.fromJSON('[]');
list.clear();
expectTrue<Equal<typeof list.size, number>>();
// @ts-expect-error a family is one of two words
list.removeAddress('10.0.0.1', 'ipv5');
const something: unknown = list;
if (net.BlockList.isBlockList(something)) something.check('10.0.0.1');
if (net.SocketAddress.isSocketAddress(something)) void something.port;

// Counters.
const all = net.getStats();
expectTrue<Equal<typeof all, net.EnvironmentStats>>();
expectTrue<Equal<typeof all.driver, 'on-loop' | 'threaded'>>();
expectTrue<Equal<ReturnType<typeof all.systemCalls.read.valueOf>, number>>();
const ofServer = net.getStats(server);
expectTrue<Equal<typeof ofServer, net.ServerStats>>();
const ofSocket = net.getStats(socket);
expectTrue<Equal<typeof ofSocket, net.SocketStats>>();
// @ts-expect-error of a server or a socket of rust-net
net.getStats({});

net.setDefaultAutoSelectFamily(!net.getDefaultAutoSelectFamily());
net.setDefaultAutoSelectFamilyAttemptTimeout(
  net.getDefaultAutoSelectFamilyAttemptTimeout(),
);
const [options, callback] = net._normalizeArgs([1, 'localhost', () => {}]);
expectTrue<Equal<typeof options, Record<string, any>>>();
callback?.();
