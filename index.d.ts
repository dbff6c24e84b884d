/// <reference types="node" />
/// <reference lib="esnext.disposable" />

/*
 * What @types/node says of node:net, whichever release of it is installed, and
 * on top of that what rust-net has on every Node: the API of Node 26.
 */

import * as net from 'node:net';

export * from 'node:net';

/** Options of `socket.setKeepAlive()`. Delays are in milliseconds. */
export interface SetKeepAliveOptions {
  /** Whether there shall be probes: false by default. */
  enable?: boolean | undefined;
  /** From the last data to the first probe. */
  initialDelay?: number | undefined;
  /** From one probe to the next. */
  interval?: number | undefined;
  /** How many probes go unanswered before the connection is given up. */
  count?: number | undefined;
}

/** What a new Socket can be told. */
export interface SocketConstructorOpts extends net.SocketConstructorOpts {
  /** Bytes to hold before `write()` returns false and reading stops. */
  highWaterMark?: number | undefined;
  /** Send small pieces at once, without Nagle's algorithm: false by default. */
  noDelay?: boolean | undefined;
  /** Probe whether the peer is still there: false by default. */
  keepAlive?: boolean | undefined;
  /**
   * From the last data to the first probe, in milliseconds: 0 is the system's.
   */
  keepAliveInitialDelay?: number | undefined;
  /** Addresses that the socket must not connect to: ERR_IP_BLOCKED. */
  blockList?: net.BlockList | undefined;
  /** The IP type of service, 0 to 255. */
  typeOfService?: number | undefined;
  /** One buffer for all that is read, and who is told of it: no 'data' events. */
  onread?: net.OnReadOpts | undefined;
  /** Let a thread send small writes; by default what `RUST_NET_OFFLOAD` says. */
  offload?: boolean | undefined;
  /** A socket that is bound already. */
  handle?: any;
  /**
   * Whether small writes of one callback leave together at its end: true by
   * default. False sends inside `write()`.
   */
  coalesce?: boolean | undefined;
  /**
   * Copy what waits to be sent, so that its memory may be transferred
   * meanwhile; by default what `RUST_NET_COPY_WRITES` says, which is no.
   */
  copyWrites?: boolean | undefined;
  /** False: what `pipe` carries to another socket always visits JavaScript. */
  relay?: boolean | undefined;
}

/** Where `connect()` goes over TCP. */
export interface TcpSocketConnectOpts extends net.TcpSocketConnectOpts {
  /** Try the addresses of both families, as RFC 8305 has it. */
  autoSelectFamily?: boolean | undefined;
  /** How long one address may take before the next is tried, in milliseconds. */
  autoSelectFamilyAttemptTimeout?: number | undefined;
}

/** Where `socket.connect()` goes. */
export type SocketConnectOpts = TcpSocketConnectOpts | net.IpcSocketConnectOpts;

/** What `net.connect()` takes for TCP: a new Socket, and where it goes. */
export interface TcpNetConnectOpts
  extends TcpSocketConnectOpts, SocketConstructorOpts {
  /** As `socket.setTimeout()`, in milliseconds. */
  timeout?: number | undefined;
}

/** What `net.connect()` takes for a Unix-domain socket. */
export interface IpcNetConnectOpts
  extends net.IpcSocketConnectOpts, SocketConstructorOpts {
  /** As `socket.setTimeout()`, in milliseconds. */
  timeout?: number | undefined;
}

/** What `net.connect()` takes. */
export type NetConnectOpts = TcpNetConnectOpts | IpcNetConnectOpts;

/** What `socket.readyState` says. */
export type SocketReadyState =
  'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

/** A connection, over TCP or a Unix-domain socket. */
export class Socket extends net.Socket {
  constructor(options?: SocketConstructorOpts);

  /** The Server that has accepted the socket. */
  readonly server: Server | null;

  /** The addresses tried by `autoSelectFamily`, as "address:port". */
  readonly autoSelectFamilyAttemptedAddresses: string[];

  /**
   * Sets the keep-alive probes of the connection, or of the one to come.
   */
  setKeepAlive(options: SetKeepAliveOptions): this;
  setKeepAlive(
    enable?: boolean,
    initialDelay?: number,
    interval?: number,
    count?: number,
  ): this;

  /** The IP type of service: the system's answer, or what was set. */
  getTypeOfService(): number;

  /**
   * Sets the IP type of service of what is sent.
   * @param tos 0 to 255
   */
  setTypeOfService(tos: number): this;

  /** Writes what is pending, then destroys the socket. */
  destroySoon(): void;
}

/** The name of {@link Socket} in the first releases of node. */
export { Socket as Stream };

/** What a new Server can be told; most of it is for the sockets it accepts. */
export interface ServerOpts extends net.ServerOpts {
  /** Bytes that each socket holds before `write()` returns false. */
  highWaterMark?: number | undefined;
  /** Send small pieces at once, without Nagle's algorithm: false by default. */
  noDelay?: boolean | undefined;
  /** Probe whether the peers are still there: false by default. */
  keepAlive?: boolean | undefined;
  /**
   * From the last data to the first probe, in milliseconds: 0 is the system's.
   */
  keepAliveInitialDelay?: number | undefined;
  /** Let a thread send small writes; by default what `RUST_NET_OFFLOAD` says. */
  offload?: boolean | undefined;
  /** Addresses whose connections are closed as soon as they are accepted. */
  blockList?: net.BlockList | undefined;
  /** The `coalesce` of the sockets that it accepts. */
  coalesce?: boolean | undefined;
  /** The `copyWrites` of the sockets that it accepts. */
  copyWrites?: boolean | undefined;
  /** For what it accepts: see the option of a socket. */
  relay?: boolean | undefined;
}

/** Where `listen()` listens. */
export interface ListenOptions extends net.ListenOptions {
  /** Let several sockets listen on the same address and share what comes. */
  reusePort?: boolean | undefined;
  /** A handle, a Server, or a BoundSocket, to listen on. */
  handle?: any;
}

/** What is known of a connection that was dropped. */
export interface DropArgument {
  /** The address that was connected to. */
  localAddress?: string;
  /** The port that was connected to. */
  localPort?: number;
  /** 'IPv4' or 'IPv6'. */
  localFamily?: string;
  /** Where the connection came from. */
  remoteAddress?: string;
  /** The port that it came from. */
  remotePort?: number;
  /** 'IPv4' or 'IPv6'. */
  remoteFamily?: string;
}

/** What the events of a Server bring. */
export interface ServerEventMap {
  /** It no longer listens, and its connections are closed. */
  close: [];
  /** Somebody has connected. */
  connection: [socket: Socket];
  /** A connection was one more than `maxConnections`; none is told on a path. */
  drop: [data?: DropArgument];
  /** It cannot listen, or cannot accept. */
  error: [error: Error];
  /** It listens. */
  listening: [];
}

/** Accepts connections, over TCP or a Unix-domain socket. */
export class Server extends net.Server {
  constructor(connectionListener?: (socket: Socket) => void);
  constructor(
    options?: ServerOpts,
    connectionListener?: (socket: Socket) => void,
  );

  /** In a cluster, close a connection too many instead of passing it on. */
  dropMaxConnection: boolean;

  /** Closes the server. */
  [Symbol.asyncDispose](): Promise<void>;

  /** As of any emitter. */
  addListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  addListener(event: string | symbol, listener: (...args: any[]) => void): this;
  /** As of any emitter. */
  on<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;
  /** As of any emitter, but for one time. */
  once<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  once(event: string | symbol, listener: (...args: any[]) => void): this;
  /** As of any emitter. */
  prependListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  prependListener(
    event: string | symbol,
    listener: (...args: any[]) => void,
  ): this;
  /** As of any emitter, but for one time. */
  prependOnceListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  prependOnceListener(
    event: string | symbol,
    listener: (...args: any[]) => void,
  ): this;
}

/** A Server, which is to be told where to `listen()`. */
export function createServer(
  connectionListener?: (socket: Socket) => void,
): Server;
export function createServer(
  options?: ServerOpts,
  connectionListener?: (socket: Socket) => void,
): Server;

/** A Socket on its way to a peer; 'connect' says that it is there. */
export function connect(
  options: NetConnectOpts,
  connectionListener?: () => void,
): Socket;
export function connect(
  port: number,
  host?: string,
  connectionListener?: () => void,
): Socket;
export function connect(path: string, connectionListener?: () => void): Socket;

/** The same function as `connect`. */
export function createConnection(
  options: NetConnectOpts,
  connectionListener?: () => void,
): Socket;
export function createConnection(
  port: number,
  host?: string,
  connectionListener?: () => void,
): Socket;
export function createConnection(
  path: string,
  connectionListener?: () => void,
): Socket;

/** What a BoundSocket of TCP is bound to. */
export interface TcpBoundSocketOptions {
  /** A numeric address: nothing is looked up. */
  host?: string | undefined;
  /** Zero, or left out: one that is free. */
  port?: number | undefined;
  /** Take no IPv4 connections on an IPv6 address. */
  ipv6Only?: boolean | undefined;
  /** Share the address with other sockets that say so. */
  reusePort?: boolean | undefined;
}

/** What a BoundSocket of a Unix-domain name is bound to. */
export interface PathBoundSocketOptions {
  /** A name in the file system; on Linux also an abstract one (`\0name`). */
  path: string;
}

/** What a BoundSocket is bound to. */
export type BoundSocketOptions = TcpBoundSocketOptions | PathBoundSocketOptions;

/**
 * A socket that is bound at once, and neither listens nor connects until one
 * Server (`listen(bound)`) or one Socket (`new Socket({ handle: bound })`) takes
 * it over.
 */
export class BoundSocket {
  constructor(options?: TcpBoundSocketOptions);
  constructor(options: PathBoundSocketOptions);

  // Of a path it is the path itself.
  /** What it is bound to, in the form of `server.address()`. */
  address(): any;

  /** The descriptor, which stays the socket's own. */
  fd(): number;

  /** Whether it is bound to a path. */
  get isPipe(): boolean;

  /** Gives the address back, if nobody has taken the socket over. */
  close(): void;

  /** As `close()`, and nothing if somebody has taken the socket over. */
  [Symbol.dispose](): void;
}

/** A family of addresses. */
export type IPVersion = 'ipv4' | 'ipv6';

/** What a SocketAddress is made of. */
export interface SocketAddressInitOptions {
  /** Numeric: '127.0.0.1' or '::' where it is left out. */
  address?: string | undefined;
  /** 'ipv4' where it is left out. */
  family?: IPVersion | undefined;
  /** IPv6 only, at most twenty bits. */
  flowlabel?: number | undefined;
  /** 0 to 65535. */
  port?: number | undefined;
}

/** An address with a port. It does not change. */
export class SocketAddress extends net.SocketAddress {
  constructor(options?: SocketAddressInitOptions);

  /** In numbers. */
  readonly address: string;
  /** 'ipv4' or 'ipv6'. */
  readonly family: IPVersion;
  /** 0 to 65535. */
  readonly port: number;
  /** Of IPv6, at most twenty bits. */
  readonly flowlabel: number;

  /** Its parts as a plain object. */
  toJSON(): {
    address: string;
    port: number;
    family: IPVersion;
    flowlabel: number;
  };

  /**
   * Reads "address:port"; an IPv6 address stands in brackets.
   * @returns undefined if it cannot be read
   */
  static parse(input: string): SocketAddress | undefined;

  /** Whether it is a SocketAddress, of rust-net or of node. */
  static isSocketAddress(value: unknown): value is net.SocketAddress;
}

/** Addresses, subnets and ranges, and whether one of them covers an address. */
export class BlockList extends net.BlockList {
  /** Private, loopback and link-local networks, for `addCIDRs()`. */
  static PRIVATE_RANGES: readonly string[];

  /** Whether it is a BlockList, of rust-net or of node. */
  static isBlockList(value: unknown): value is net.BlockList;

  /** Adds all of the addresses, or none if one of them is not one. */
  addAddresses(
    addresses: readonly (string | net.SocketAddress)[],
    family?: IPVersion,
  ): void;

  /**
   * Adds a subnet.
   * @param cidr for instance "10.0.0.0/8"
   */
  addCIDR(cidr: string): void;
  /** Adds all of the subnets, or none if one of them is not one. */
  addCIDRs(cidrs: readonly string[]): void;

  /** Removes an address that was added by itself. */
  removeAddress(address: string, family?: IPVersion): void;
  removeAddress(address: net.SocketAddress): void;

  /** Removes a range that was added with these ends. */
  removeRange(start: string, end: string, family?: IPVersion): void;
  removeRange(start: net.SocketAddress, end: net.SocketAddress): void;

  /** Removes a subnet that was added with this address and prefix. */
  removeSubnet(network: string, prefix: number, family?: IPVersion): void;
  removeSubnet(network: net.SocketAddress, prefix: number): void;
  /** Removes a subnet that was added, in the form of `addCIDR()`. */
  removeCIDR(cidr: string): void;

  /** Removes every rule. */
  clear(): void;

  /** How many rules there are. */
  readonly size: number;

  /** The rules in words: the same as `rules`. */
  toJSON(): readonly string[];

  /**
   * Adds rules in words. What is not a rule is passed over.
   * @param data an array, or one as JSON
   */
  fromJSON(data: string | readonly string[]): void;
}

/** Whether a connection tries the addresses of both families by default. */
export function getDefaultAutoSelectFamily(): boolean;
/** Whether a connection tries the addresses of both families by default. */
export function setDefaultAutoSelectFamily(value: boolean): void;

/** How long one address may take before the next is tried, in milliseconds. */
export function getDefaultAutoSelectFamilyAttemptTimeout(): number;
/**
 * How long one address may take before the next is tried, in milliseconds:
 * below 10 counts as 10.
 */
export function setDefaultAutoSelectFamilyAttemptTimeout(value: number): void;

/** What this thread's sockets have done since it loaded rust-net. */
export interface EnvironmentStats {
  /** Who waits for the sockets; see the README's settings. */
  driver: 'on-loop' | 'threaded';
  /** Open now: connections, and sockets on their way to be one. */
  sockets: number;
  /** Listening now. */
  servers: number;
  /** Connections that servers have accepted. */
  accepted: number;
  /** Connects that have succeeded. */
  connected: number;
  /** Bytes that have come in. */
  bytesRead: number;
  /** Bytes that were handed over, sent or still queued. */
  bytesWritten: number;
  /** How often the event loop has called rust-net. */
  wakes: number;
  /** How often rust-net has called JavaScript, with one event or many. */
  batches: number;
  /** The events in those batches. */
  events: number;
  /** How often the kernel was asked, by what it was asked for. */
  systemCalls: { poll: number; accept: number; read: number; write: number };
}

/** What a server has done since it was made. */
export interface ServerStats {
  /** Open now. */
  connections: number;
  /** All that there were. */
  accepted: number;
  /** Turned away by `maxConnections` or the `blockList`. */
  dropped: number;
  /** Over all connections, those that are closed included. */
  bytesRead: number;
  /** As `bytesRead`, handed over: sent, or still queued. */
  bytesWritten: number;
}

/** What a socket has done since it was made. */
export interface SocketStats {
  /** Bytes that have come in. */
  bytesRead: number;
  /** Bytes that were handed over, sent or still queued. */
  bytesWritten: number;
  /** Bytes that the kernel has not taken yet; 0 once the socket is closed. */
  queued: number;
  /** System calls that read; 0 once the socket is closed. */
  reads: number;
  /**
   * System calls that wrote, without those of offload's thread; 0 once the
   * socket is closed.
   */
  writes: number;
}

/**
 * What has been counted: by this thread, by a server or by a socket. Counting
 * is always on.
 * @throws {TypeError} for anything but a socket or server of rust-net
 */
export function getStats(): EnvironmentStats;
export function getStats(server: Server): ServerStats;
export function getStats(socket: Socket): SocketStats;

/**
 * The arguments of `connect()` and `listen()` as options and callback. Not
 * documented by node, but relied on by packages.
 */
export function _normalizeArgs(
  args: readonly unknown[],
): [options: Record<string, any>, callback: Function | null];

/**
 * A handle that is bound, or a negative errno. Not documented by node, but
 * relied on by packages.
 */
export function _createServerHandle(
  address: string | null,
  port: number,
  addressType?: 4 | 6 | -1 | null,
  fd?: number,
  flags?: number,
): any;
