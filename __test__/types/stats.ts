// net.getStats() in each of its forms.

import * as net from 'rust-net';
import { type Equal, expectTrue } from './equal.js';

const environment = net.getStats();
expectTrue<Equal<typeof environment, net.EnvironmentStats>>();
const ofServer = net.getStats(net.createServer());
expectTrue<Equal<typeof ofServer, net.ServerStats>>();
const ofSocket = net.getStats(new net.Socket());
expectTrue<Equal<typeof ofSocket, net.SocketStats>>();
// @ts-expect-error of a server or a socket of rust-net
net.getStats({});
// @ts-expect-error a Socket is no Server
const wrong: net.ServerStats = net.getStats(new net.Socket());
void wrong;

expectTrue<Equal<net.EnvironmentStats['driver'], 'on-loop' | 'threaded'>>();
type Calls = net.EnvironmentStats['systemCalls'];
expectTrue<Equal<Calls[keyof Calls], number>>();
type Counts = Omit<net.ServerStats, 'shared'>;
expectTrue<Equal<Counts[keyof Counts], number>>();
expectTrue<Equal<net.ServerStats['shared'], net.SharedStats | undefined>>();
const shares: net.SharedStats = {
  waiting: 0,
  threads: [{ threadId: 0, connections: 1 }],
};
expectTrue<Equal<net.SocketStats[keyof net.SocketStats], number>>();

// All that there is, and nothing else.
const all: [net.EnvironmentStats, net.ServerStats, net.SocketStats] = [
  {
    accepted: 0,
    batches: 0,
    bytesRead: 0,
    bytesWritten: 0,
    connected: 0,
    descriptorsReceived: 0,
    descriptorsSent: 0,
    driver: 'on-loop',
    events: 0,
    handedOver: 0,
    http: { accepted: 0, idleDropped: 0, isInstalled: true, opened: 0 },
    raced: 0,
    servers: 0,
    sockets: 0,
    systemCalls: { accept: 0, poll: 0, read: 0, write: 0 },
    wakes: 0,
  },
  {
    accepted: 0,
    bytesRead: 0,
    bytesWritten: 0,
    connections: 0,
    dropped: 0,
    rejectedByAddress: 0,
    rejectedByRate: 0,
    proxyHeaders: 0,
    proxyRefused: 0,
    shared: shares,
  },
  { bytesRead: 0, bytesWritten: 0, queued: 0, reads: 0, writes: 0 },
];
void all;

const listed = net.getStats({ sockets: true });
expectTrue<Equal<typeof listed.open, net.OpenHandle[]>>();
const place: net.OpenAddress = { address: '::1', family: 'IPv6', port: 80 };
const open: net.OpenHandle[] = [
  {
    type: 'server',
    local: place,
    path: undefined,
    connections: 0,
    referenced: true,
  },
  {
    type: 'socket',
    local: place,
    remote: undefined,
    connecting: true,
    bytesRead: 0,
    bytesWritten: 0,
    queued: 0,
    referenced: true,
  },
];
void open;
