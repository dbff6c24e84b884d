// A Socket and what it can be told, whatever the installed @types/node says.

import * as net from 'rust-net';
import { type Equal, expectTrue } from './equal.js';

// Every option that rust-net adds to those of the oldest @types/node.
const options: net.SocketConstructorOpts = {
  allowHalfOpen: true,
  blockList: new net.BlockList(),
  coalesce: false,
  handle: new net.BoundSocket(),
  highWaterMark: 1024,
  keepAlive: true,
  keepAliveInitialDelay: 1000,
  noDelay: true,
  offload: true,
  copyWrites: true,
  onread: { buffer: new Uint8Array(1024), callback: (size) => size > 0 },
  relay: false,
  handOver: false,
  signal: new AbortController().signal,
  typeOfService: 16,
};
const socket = new net.Socket(options);
expectTrue<Equal<typeof socket, net.Socket>>();
expectTrue<Equal<net.SocketConstructorOpts['coalesce'], boolean | undefined>>();
expectTrue<Equal<net.SocketConstructorOpts['offload'], boolean | undefined>>();
expectTrue<
  Equal<net.SocketConstructorOpts['copyWrites'], boolean | undefined>
>();
expectTrue<Equal<net.SocketConstructorOpts['relay'], boolean | undefined>>();
expectTrue<Equal<net.SocketConstructorOpts['handOver'], boolean | undefined>>();
new net.Socket({ coalesce: false, handle: new net.BoundSocket() });
// @ts-expect-error not a boolean
new net.Socket({ coalesce: 1 });
// @ts-expect-error not a boolean
new net.Socket({ offload: 'yes' });
// @ts-expect-error not a boolean
new net.Socket({ relay: 'on' });
// @ts-expect-error there is no such option
new net.Socket({ gather: true });
// @ts-expect-error not a BlockList
new net.Socket({ blockList: ['127.0.0.1'] });

// The header of a proxy.
const header: net.ProxyHeaderOptions = {
  version: 2,
  command: 'PROXY',
  transport: 'stream',
  source: { address: '192.0.2.1', port: 1 },
  destination: { path: '/tmp/socket' },
  checksum: true,
  alpn: 'h2',
  authority: 'example.org',
  uniqueId: new Uint8Array(1),
  ssl: { client: 1, version: 'TLSv1.3' },
  netns: 'blue',
  tlvs: [{ type: 0xea, value: new Uint8Array(1) }],
};
net.connect({ port: 1, proxyHeader: header });
net.connect({ path: '/tmp/socket', proxyHeader: {} });
const readHeader: net.ProxyHeader = {
  version: 1,
  command: 'LOCAL',
  transport: 'unknown',
  source: { address: '::1', family: 'IPv6', port: 1 },
  destination: { path: '/tmp/socket' },
  checksum: false,
  alpn: 'h2',
  authority: 'example.org',
  uniqueId: new Uint8Array(1),
  netns: 'blue',
  tlvs: [],
};
const proxied = net.connect({ port: 1, proxyHeader: readHeader });
expectTrue<Equal<typeof proxied.proxy, net.ProxyHeader | undefined>>();
const tls: net.ProxySsl = { client: 7, verify: 0, tlvs: [] };
void [tls.version, tls.commonName, tls.cipher, tls.signatureAlgorithm];
void [tls.keyAlgorithm, readHeader.ssl?.verify];
const field: net.ProxyTlv = { type: 1, value: new Uint8Array(1) };
const ends: net.ProxyEnd[] = [
  { address: '::1', family: 'IPv6', port: 1 },
  { path: '/tmp/socket' },
];
const ahead: net.ProxyConnectOpts = {
  proxyHeader: {
    tlvs: [field],
    source: { path: '/tmp/client' },
    destination: { address: '192.0.2.1', port: 1 },
  },
};
void [ends, ahead];
// @ts-expect-error there is no such version
net.connect({ port: 1, proxyHeader: { version: 3 } });

// The options that the system has.
const system: net.SocketSystemOpts = {
  sendBufferSize: 65536,
  recvBufferSize: 65536,
  userTimeout: 5000,
  notSentLowat: 16384,
  mark: 1,
  interface: 'lo',
  transparent: true,
  fastOpen: true,
  multipath: true,
  congestion: 'bbr',
};
const tuned = new net.Socket({ ...options, ...system })
  .setUserTimeout(5000)
  .setSendBufferSize(65536)
  .setRecvBufferSize(65536);
expectTrue<Equal<typeof tuned, net.Socket>>();
const userTimeout = tuned.getUserTimeout();
expectTrue<Equal<typeof userTimeout, number>>();
const sizes = [tuned.getSendBufferSize(), tuned.getRecvBufferSize()];
expectTrue<Equal<typeof sizes, (number | undefined)[]>>();
const congestion = tuned.getSocketOption('congestion');
expectTrue<Equal<typeof congestion, string | undefined>>();
// @ts-expect-error there is no such option
tuned.getSocketOption('linger');
// @ts-expect-error a number
new net.Socket({ mark: '1' });

// Connecting.
const target: net.TcpSocketConnectOpts = {
  port: 1,
  host: 'localhost',
  autoSelectFamily: true,
  autoSelectFamilyAttemptTimeout: 250,
  connectTimeout: 5000,
};
const targetPath: net.IpcSocketConnectOpts = {
  path: '/tmp/socket',
  connectTimeout: 5000,
};
const targets: net.SocketConnectOpts[] = [target, targetPath];
socket.connect(targets[0]!);
const itself = socket
  .connect({ port: 1, connectTimeout: 5000 }, () => {})
  .connect(1, 'localhost', () => {})
  .connect(1, () => {})
  .connect('/tmp/socket', () => {});
expectTrue<Equal<typeof itself, net.Socket>>();
const within: net.ConnectTimeoutOpts = { connectTimeout: undefined };
void within;
const overTcp: net.TcpNetConnectOpts = { ...target, ...options, timeout: 1000 };
const overPath: net.IpcNetConnectOpts = {
  ...options,
  path: '/tmp/socket',
  timeout: 1000,
};
const either: net.NetConnectOpts[] = [overTcp, overPath];
net.connect(either[0]!);
net.createConnection(either[1]!, () => {});
const inParallel: net.ParallelSocketConnectOpts = {
  port: 1,
  host: 'localhost',
  autoSelectFamily: 'parallel',
  autoSelectFamilyAttemptTimeout: 250,
};
socket.connect(inParallel).connect(1, 'localhost', () => {});
socket.connect(1, () => {}).connect('/tmp/socket', () => {});
const toHost: net.ParallelNetConnectOpts = {
  ...options,
  ...inParallel,
  timeout: 1000,
};
net.connect(toHost);
const connected = net.connect({ port: 1, relay: true, offload: false });
expectTrue<Equal<typeof connected, net.Socket>>();
expectTrue<Equal<typeof net.createConnection, typeof net.connect>>();
net.connect(1, 'localhost', () => {});
net.connect('/tmp/socket', () => {});
net.createConnection(1, 'localhost');
net.createConnection('/tmp/socket').destroySoon();
// @ts-expect-error neither a port nor a path
net.connect({ host: 'localhost' });
// @ts-expect-error a time in milliseconds
net.connect({ port: 1, timeout: '1s' });
// @ts-expect-error a time in milliseconds
net.connect({ port: 1, connectTimeout: '1s' });
// @ts-expect-error it belongs to a connect
new net.Socket({ connectTimeout: 1000 });

// What the system knows.
const info: net.TcpInfo = socket.getTcpInfo();
void (info.state === 'CLOSE_WAIT');
// @ts-expect-error there is no such state
void (info.state === 'OPEN');
const measured = [
  info.retransmits,
  info.probes,
  info.rtoUs,
  info.sendMssBytes,
  info.recvMssBytes,
  info.unackedSegments,
  info.lostSegments,
  info.retransmittedSegments,
  info.lastDataSentMs,
  info.lastDataRecvMs,
  info.lastAckRecvMs,
  info.pathMtuBytes,
  info.rttUs,
  info.rttVarUs,
  info.slowStartThresholdSegments,
  info.congestionWindowSegments,
  info.recvRttUs,
  info.recvSpaceBytes,
  info.totalRetransmittedSegments,
  info.pacingRateBytesPerSecond,
  info.bytesAcked,
  info.bytesReceived,
  info.segmentsOut,
  info.segmentsIn,
  info.notSentBytes,
  info.minRttUs,
  info.deliveryRateBytesPerSecond,
  info.busyUs,
  info.recvWindowLimitedUs,
  info.sendBufferLimitedUs,
  info.deliveredSegments,
  info.bytesSent,
  info.bytesRetransmitted,
  info.reorderedSegments,
  info.outOfOrderSegments,
  info.sendWindowBytes,
  info.recvWindowBytes,
];
expectTrue<Equal<typeof measured, (number | undefined)[]>>();
const peer: net.PeerCredentials = socket.peerCredentials();
expectTrue<Equal<typeof peer.pid, number | undefined>>();
expectTrue<Equal<typeof peer.uid | typeof peer.gid, number>>();

// Descriptors over a Unix-domain socket.
socket.on('descriptors', (fds: number[]) => void fds.length);
const goesOn: boolean = socket.writeDescriptors('text', [1]);
const kept: readonly number[] = [1, 2];
socket.writeDescriptors(Buffer.from('x'), kept, (error) => {
  expectTrue<Equal<typeof error, Error | null | undefined>>();
});
void goesOn;
// @ts-expect-error Data is text or bytes.
socket.writeDescriptors(1, [1]);
// @ts-expect-error Descriptors are numbers.
socket.writeDescriptors('x', ['1']);

// What an error says.
socket.on('error', (error: net.ConnectionError) => {
  const ends = [error.localAddress, error.remoteAddress];
  expectTrue<Equal<typeof ends, (string | undefined)[]>>();
  const ports = [error.localPort, error.remotePort];
  expectTrue<Equal<typeof ports, (number | undefined)[]>>();
});

// What came to Socket after Node 18.
const probes: net.SetKeepAliveOptions = {
  enable: true,
  initialDelay: 1000,
  interval: 1000,
  count: 5,
};
const same = socket
  .setKeepAlive(probes)
  .setKeepAlive(true, 1000, 1000, 5)
  .setKeepAlive()
  .setTypeOfService(16);
expectTrue<Equal<typeof same, net.Socket>>();
// @ts-expect-error a number of milliseconds
socket.setKeepAlive({ enable: true, interval: '1s' });
// @ts-expect-error there is no such option
socket.setKeepAlive({ delay: 1 });
// @ts-expect-error a number
socket.setTypeOfService('16');
const tos = socket.getTypeOfService();
expectTrue<Equal<typeof tos, number>>();
expectTrue<Equal<typeof socket.autoSelectFamilyAttemptedAddresses, string[]>>();
expectTrue<Equal<typeof socket.server, net.Server | null>>();
expectTrue<
  Equal<
    net.SocketReadyState,
    'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed'
  >
>();
const readyState: net.SocketReadyState = socket.readyState;
void readyState;
socket.on('connectionAttempt', (ip, port, family) => [ip, port, family]);
expectTrue<Equal<typeof net.Stream, typeof net.Socket>>();

net.setDefaultAutoSelectFamily(!net.getDefaultAutoSelectFamily());
net.setDefaultAutoSelectFamilyAttemptTimeout(
  net.getDefaultAutoSelectFamilyAttemptTimeout(),
);
// @ts-expect-error a boolean
net.setDefaultAutoSelectFamily(1);
const [normalized, callback] = net._normalizeArgs([1, 'localhost', () => {}]);
expectTrue<Equal<typeof normalized, Record<string, any>>>();
expectTrue<Equal<typeof callback, Function | null>>();
