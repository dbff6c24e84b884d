/// <reference types="node" />
/// <reference lib="esnext.disposable" />

/*
 * The types of node:net from the installed release of @types/node, and on top of
 * them what rust-net has on every Node: the API of Node 26.
 */

import * as net from 'node:net';

export * from 'node:net';

/** Options of `socket.setKeepAlive()`. Delays are in milliseconds. */
export interface SetKeepAliveOptions {
  /** True to send probes; false by default. */
  enable?: boolean | undefined;
  /** The time from the last data to the first probe. */
  initialDelay?: number | undefined;
  /** The time from one probe to the next. */
  interval?: number | undefined;
  /** The number of unanswered probes that ends the connection. */
  count?: number | undefined;
}

/**
 * Socket options that node does not have, of a Socket or a Server. They are set before
 * the socket is bound, connects or listens; accepted sockets have those of the Server.
 * All but the two sizes are for TCP on Linux: elsewhere they throw
 * ERR_FEATURE_UNAVAILABLE_ON_PLATFORM, and a Unix-domain socket ignores them. Where the
 * system refuses one, the 'error' has its name.
 */
export interface SocketSystemOpts {
  /** The system's buffer for what is sent, in bytes; Linux doubles it. */
  sendBufferSize?: number | undefined;
  /** The system's buffer for what is received, in bytes; Linux doubles it. */
  recvBufferSize?: number | undefined;
  /**
   * Milliseconds for which sent data may stay unacknowledged, after which the
   * connection ends with ETIMEDOUT (TCP_USER_TIMEOUT); 0, the default, is the system's
   * about 15 minutes.
   */
  userTimeout?: number | undefined;
  /** Unsent bytes above which the system takes no more (TCP_NOTSENT_LOWAT). */
  notSentLowat?: number | undefined;
  /** The mark of the packets, an unsigned 32-bit integer (SO_MARK); needs a right. */
  mark?: number | undefined;
  /** The only interface to use, of at most 15 bytes (SO_BINDTODEVICE). */
  interface?: string | undefined;
  /** True to bind to addresses that are not local (IP_TRANSPARENT); needs a right. */
  transparent?: boolean | undefined;
  /**
   * True to send the first data with the connect, and for a Server to accept that (TCP
   * Fast Open). `net.ipv4.tcp_fastopen` must allow it too.
   */
  fastOpen?: boolean | undefined;
  /** True for a socket of Multipath TCP. */
  multipath?: boolean | undefined;
  /** The algorithm of congestion control, such as 'bbr'; at most 15 bytes. */
  congestion?: string | undefined;
}

/** Options of `new Socket()`. */
export interface SocketConstructorOpts
  extends net.SocketConstructorOpts, SocketSystemOpts {
  /** Bytes to buffer before `write()` returns false and reading stops. */
  highWaterMark?: number | undefined;
  /** True to disable Nagle's algorithm; false by default. */
  noDelay?: boolean | undefined;
  /** True to send keep-alive probes; false by default. */
  keepAlive?: boolean | undefined;
  /**
   * The time from the last data to the first probe, in milliseconds; 0 is the
   * system's default.
   */
  keepAliveInitialDelay?: number | undefined;
  /** Addresses to which a connect fails with ERR_IP_BLOCKED. */
  blockList?: net.BlockList | undefined;
  /** The IP type of service, 0 to 255. */
  typeOfService?: number | undefined;
  /** A buffer for everything that is read, and its callback; no 'data' events. */
  onread?: net.OnReadOpts | undefined;
  /** True to send small writes from a thread; `RUST_NET_OFFLOAD` by default. */
  offload?: boolean | undefined;
  /** A handle, or a BoundSocket. */
  handle?: any;
  /**
   * True to send the small writes of a turn together at its end, which is the
   * default. False sends inside `write()`.
   */
  coalesce?: boolean | undefined;
  /**
   * True to copy what waits to be sent, so that its memory may be transferred
   * meanwhile; `RUST_NET_COPY_WRITES` by default, which is off.
   */
  copyWrites?: boolean | undefined;
  /** False to pass everything that `pipe` carries through JavaScript. */
  relay?: boolean | undefined;
  /** False to keep the connection beneath TLS, whose records then pass through. */
  handOver?: boolean | undefined;
}

/** Options of every `connect()`. */
export interface ConnectTimeoutOpts {
  /**
   * Milliseconds for the look-up and all attempts together, after which the socket
   * is destroyed with an ETIMEDOUT; 0, the default, is no limit. On all platforms.
   */
  connectTimeout?: number | undefined;
}

/** An end of a connection in a PROXY header: an IP address, or the path of a socket. */
export type ProxyEnd =
  { address: string; family: 'IPv4' | 'IPv6'; port: number } | { path: string };

/** A field of a PROXY header that has no name. */
export interface ProxyTlv {
  /** The number of its kind, 0 to 255. */
  type: number;
  /** At most 65,535 bytes. */
  value: Uint8Array;
}

/** What a proxy says of the client's TLS. */
export interface ProxySsl {
  /**
   * Bits: 1 for TLS, 2 for a certificate of the client in this connection, 4 for one in
   * this session.
   */
  client: number;
  /** 0 when the client's certificate was verified. */
  verify: number;
  /** As 'TLSv1.3'. */
  version?: string;
  /** The common name of the client's certificate. */
  commonName?: string;
  /** As 'TLS_AES_128_GCM_SHA256'. */
  cipher?: string;
  /** Of the certificate of the proxy, as 'SHA256'. */
  signatureAlgorithm?: string;
  /** Of the certificate of the proxy, as 'RSA2048'. */
  keyAlgorithm?: string;
  /** All other fields. */
  tlvs: ProxyTlv[];
}

/** The PROXY header of a connection. */
export interface ProxyHeader {
  /** Of the protocol. */
  version: 1 | 2;
  /** 'LOCAL' when the proxy connects for itself, as for a health check. */
  command: 'PROXY' | 'LOCAL';
  /** What carries the bytes between client and proxy. */
  transport: 'stream' | 'datagram' | 'unknown';
  /** The client; undefined when it is unknown, or for 'LOCAL'. */
  source?: ProxyEnd;
  /** What the client has connected to. */
  destination?: ProxyEnd;
  /** True when the header has a checksum (CRC-32C), which is right. */
  checksum: boolean;
  /** The protocol that TLS has chosen, as 'h2'. */
  alpn?: string;
  /** The name that the client has asked for. */
  authority?: string;
  /** What identifies the connection to the proxy. */
  uniqueId?: Uint8Array;
  /** The client's TLS, if it ends at the proxy. */
  ssl?: ProxySsl;
  /** The name of the proxy's network namespace. */
  netns?: string;
  /** All other fields. */
  tlvs: ProxyTlv[];
}

/**
 * A PROXY header to be sent, of at most 4,112 bytes. Both ends are of one family. Without
 * them the client is unknown.
 */
export interface ProxyHeaderOptions {
  /** 2 by default. Version 1 has TCP addresses alone. */
  version?: 1 | 2 | undefined;
  /** 'PROXY' by default. */
  command?: 'PROXY' | 'LOCAL' | undefined;
  /** 'stream' by default; 'unknown' without `source`. */
  transport?: 'stream' | 'datagram' | 'unknown' | undefined;
  /** The client. */
  source?: { address: string; port: number } | { path: string } | undefined;
  /** What the client has connected to; needed with `source`. */
  destination?:
    { address: string; port: number } | { path: string } | undefined;
  /** True to add a checksum; false by default. */
  checksum?: boolean | undefined;
  /** The protocol that TLS has chosen, as 'h2'. */
  alpn?: string | undefined;
  /** The name that the client has asked for. */
  authority?: string | undefined;
  /** What identifies the connection. */
  uniqueId?: Uint8Array | undefined;
  /** The client's TLS. `client` is 1 by default, and `verify` 0. */
  ssl?: Partial<ProxySsl> | undefined;
  /** The name of a network namespace. */
  netns?: string | undefined;
  /** All other fields. */
  tlvs?: ProxyTlv[] | undefined;
}

/** An option of every `connect()`. */
export interface ProxyConnectOpts {
  /**
   * The PROXY header that is sent ahead of everything else; none by default. It counts in
   * `bytesWritten`. On all platforms; TLS on a connection of its own ignores it.
   */
  proxyHeader?: ProxyHeaderOptions | undefined;
}

/** The destination of a `connect()` over TCP. */
export interface TcpSocketConnectOpts
  extends net.TcpSocketConnectOpts, ConnectTimeoutOpts, ProxyConnectOpts {
  /** True to try the addresses of both families (RFC 8305). */
  autoSelectFamily?: boolean | undefined;
  /** Milliseconds for one address before the next is tried. */
  autoSelectFamilyAttemptTimeout?: number | undefined;
}

/** The destination of a `connect()` to a Unix-domain socket. */
export interface IpcSocketConnectOpts
  extends net.IpcSocketConnectOpts, ConnectTimeoutOpts, ProxyConnectOpts {}

/** The destination of `socket.connect()`. */
export type SocketConnectOpts = TcpSocketConnectOpts | IpcSocketConnectOpts;

/** Options of `net.connect()` for TCP: the Socket's and the destination. */
export interface TcpNetConnectOpts
  extends TcpSocketConnectOpts, SocketConstructorOpts {
  /** As `socket.setTimeout()`, in milliseconds. */
  timeout?: number | undefined;
}

/**
 * The destination of a `connect()` that tries the addresses of a host in parallel
 * (RFC 8305): the first that connects wins. `autoSelectFamilyAttemptTimeout` is the time
 * in milliseconds, at least 10, before the next address starts. It starts at once where
 * the newest attempt has failed.
 */
export interface ParallelSocketConnectOpts extends Omit<
  TcpSocketConnectOpts,
  'autoSelectFamily'
> {
  /** Earlier attempts go on while later ones start. */
  autoSelectFamily: 'parallel';
}

/** Options of `net.connect()` in parallel: the Socket's and the destination. */
export interface ParallelNetConnectOpts
  extends ParallelSocketConnectOpts, SocketConstructorOpts {
  /** As `socket.setTimeout()`, in milliseconds. */
  timeout?: number | undefined;
}

/** Options of `net.connect()` for a Unix-domain socket. */
export interface IpcNetConnectOpts
  extends IpcSocketConnectOpts, SocketConstructorOpts {
  /** As `socket.setTimeout()`, in milliseconds. */
  timeout?: number | undefined;
}

/** Options of `net.connect()`. */
export type NetConnectOpts = TcpNetConnectOpts | IpcNetConnectOpts;

/**
 * What Linux measures about a TCP connection (TCP_INFO), with the units in the names. A
 * value that the kernel does not know is missing.
 */
export interface TcpInfo {
  /** The state, by the kernel's name for it. */
  state:
    | 'ESTABLISHED'
    | 'SYN_SENT'
    | 'SYN_RECV'
    | 'FIN_WAIT1'
    | 'FIN_WAIT2'
    | 'TIME_WAIT'
    | 'CLOSE_WAIT'
    | 'LAST_ACK'
    | 'LISTEN'
    | 'CLOSING';
  /** Timeouts in a row for the oldest data that is not acknowledged. */
  retransmits?: number;
  /** Probes in a row without an answer, of keep-alive or of a closed window. */
  probes?: number;
  /** The time until data is sent again. */
  rtoUs?: number;
  /** The largest segment to send. */
  sendMssBytes?: number;
  /** The largest segment received, as estimated. */
  recvMssBytes?: number;
  /** Sent and not acknowledged. */
  unackedSegments?: number;
  /** Taken for lost. */
  lostSegments?: number;
  /** Sent again and not acknowledged. */
  retransmittedSegments?: number;
  /** The time since data was sent. */
  lastDataSentMs?: number;
  /** The time since data was received. */
  lastDataRecvMs?: number;
  /** The time since an acknowledgement was received. */
  lastAckRecvMs?: number;
  /** The largest packet on the path. */
  pathMtuBytes?: number;
  /** The round-trip time, smoothed. */
  rttUs?: number;
  /** Its variation. */
  rttVarUs?: number;
  /** Missing while no loss has set it. */
  slowStartThresholdSegments?: number;
  /** What may be on its way. */
  congestionWindowSegments?: number;
  /** The round-trip time, as the receiver estimates it; 0 if it cannot. */
  recvRttUs?: number;
  /** What the program reads in one round trip. */
  recvSpaceBytes?: number;
  /** Sent again so far. */
  totalRetransmittedSegments?: number;
  /** The rate of sending; missing without a limit. */
  pacingRateBytesPerSecond?: number;
  /** Acknowledged by the peer so far. */
  bytesAcked?: number;
  /** Received so far. */
  bytesReceived?: number;
  /** Sent so far. */
  segmentsOut?: number;
  /** Received so far. */
  segmentsIn?: number;
  /** Written and not sent. */
  notSentBytes?: number;
  /** The shortest round-trip time; missing before the first. */
  minRttUs?: number;
  /** The latest rate at which the peer got data. */
  deliveryRateBytesPerSecond?: number;
  /** How long data was waiting or on its way. */
  busyUs?: number;
  /** How long of that the peer's window was the limit. */
  recvWindowLimitedUs?: number;
  /** How long of that the buffer for sending was the limit. */
  sendBufferLimitedUs?: number;
  /** Arrived at the peer so far. */
  deliveredSegments?: number;
  /** Sent so far, again included. */
  bytesSent?: number;
  /** Sent again so far. */
  bytesRetransmitted?: number;
  /** How often segments arrived in another order. */
  reorderedSegments?: number;
  /** Received out of order so far. */
  outOfOrderSegments?: number;
  /** The peer's window. */
  sendWindowBytes?: number;
  /** The window that the peer was told. */
  recvWindowBytes?: number;
}

/** The process at the other end of a Unix-domain socket, when it connected. */
export interface PeerCredentials {
  /** Its process id, on Linux only; 0 if it is not visible here. */
  pid?: number;
  /** Its effective user id. */
  uid: number;
  /** Its effective group id. */
  gid: number;
}

/**
 * The 'error' of a system call on a connection, such as ECONNRESET, EPIPE or ETIMEDOUT.
 * What it has beyond node's is not enumerable; a Unix-domain socket has none of it.
 */
export interface ConnectionError extends NodeJS.ErrnoException {
  /** The socket's own address. */
  localAddress?: string;
  /** The socket's own port. */
  localPort?: number;
  /** The peer's address; known after a reset too on Linux, and elsewhere if asked for. */
  remoteAddress?: string;
  /** The peer's port. */
  remotePort?: number;
}

/** The values of `socket.readyState`. */
export type SocketReadyState =
  'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

/** A connection, over TCP or a Unix-domain socket. */
export class Socket extends net.Socket {
  constructor(options?: SocketConstructorOpts);

  /** Connects to a host, a port or a path; 'connect' follows. */
  connect(
    options: ParallelSocketConnectOpts,
    connectionListener?: () => void,
  ): this;
  connect(options: SocketConnectOpts, connectionListener?: () => void): this;
  connect(port: number, host: string, connectionListener?: () => void): this;
  connect(port: number, connectionListener?: () => void): this;
  connect(path: string, connectionListener?: () => void): this;

  /** The Server that accepted the socket. */
  readonly server: Server | null;

  /** The addresses tried by `autoSelectFamily`, as "address:port". */
  readonly autoSelectFamilyAttemptedAddresses: string[];

  /**
   * Sets the keep-alive probes, also before the socket connects.
   */
  setKeepAlive(options: SetKeepAliveOptions): this;
  setKeepAlive(
    enable?: boolean,
    initialDelay?: number,
    interval?: number,
    count?: number,
  ): this;

  /** Returns the IP type of service, from the system or as it was set. */
  getTypeOfService(): number;

  /**
   * Sets the IP type of service of outgoing packets.
   * @param tos 0 to 255
   */
  setTypeOfService(tos: number): this;

  /** Writes what is pending, then destroys the socket. */
  destroySoon(): void;

  /**
   * Limits how long sent data may stay unacknowledged; TCP on Linux only.
   * @param msecs 0 is the system's default
   */
  setUserTimeout(msecs: number): this;
  /** Returns what `setUserTimeout()` sets; 0 is the system's default. */
  getUserTimeout(): number;

  /**
   * Sets the system's buffer for what is sent.
   * @param size in bytes, at least 1; Linux doubles it
   */
  setSendBufferSize(size: number): this;
  /** Returns the bytes of that buffer; undefined before there is one. */
  getSendBufferSize(): number | undefined;

  /**
   * Sets the system's buffer for what is received.
   * @param size in bytes, at least 1; Linux doubles it
   */
  setRecvBufferSize(size: number): this;
  /** Returns the bytes of that buffer; undefined before there is one. */
  getRecvBufferSize(): number | undefined;

  /**
   * Returns a socket option as the system has it; before there is a connection, as it
   * was set.
   */
  getSocketOption<Name extends keyof SocketSystemOpts>(
    name: Name,
  ): SocketSystemOpts[Name];

  /**
   * Returns what the system measures about a TCP connection; on Linux only.
   * @throws ENOTCONN without a connection, ENOTSUP where there is no such thing
   */
  getTcpInfo(): TcpInfo;

  /**
   * Returns the process at the other end of a Unix-domain socket; not on Windows.
   * @throws ENOTCONN without a connection, ENOTSUP for TCP and on Windows
   */
  peerCredentials(): PeerCredentials;

  /**
   * The PROXY header of a connection that a server with `proxyProtocol` has accepted;
   * undefined where there was none.
   */
  proxy?: ProxyHeader | undefined;

  /**
   * Writes data together with open descriptors, which the peer gets as its own; over
   * Unix-domain sockets, not on Windows. They leave with the first byte, in the order
   * of all writes.
   *
   * A socket of rust-net gets them as `socket.on('descriptors', (fds: number[]) => ...)`,
   * before the 'data' that has that byte. The listener owns them, and must close them.
   * Without a listener the system closes them.
   * @param data at least one byte; a string is UTF-8
   * @param fds 1 to 253 descriptors, which may be closed as soon as the call returns
   * @param callback as for `write()`
   * @returns false when the program should wait for 'drain', as `write()` does
   * @throws ENOTCONN without a connection, ENOTSUP for TCP and on Windows, EBADF for a
   *   descriptor that is not open, EMFILE where it cannot be duplicated
   * @since 0.1.0
   */
  writeDescriptors(
    data: string | Uint8Array,
    fds: readonly number[],
    callback?: (error?: Error | null) => void,
  ): boolean;
}

/** The name of {@link Socket} in the first releases of node. */
export { Socket as Stream };

/** Options of `new Server()`; most of them apply to the accepted sockets. */
export interface ServerOpts extends net.ServerOpts, SocketSystemOpts {
  /** Bytes that each socket buffers before `write()` returns false. */
  highWaterMark?: number | undefined;
  /** True to disable Nagle's algorithm; false by default. */
  noDelay?: boolean | undefined;
  /** True to send keep-alive probes; false by default. */
  keepAlive?: boolean | undefined;
  /**
   * The time from the last data to the first probe, in milliseconds; 0 is the
   * system's default.
   */
  keepAliveInitialDelay?: number | undefined;
  /** True to send small writes from a thread; `RUST_NET_OFFLOAD` by default. */
  offload?: boolean | undefined;
  /** Peers whose connections are closed as soon as they are accepted. */
  blockList?: net.BlockList | undefined;
  /**
   * Connections that one address (of IPv6, one /64 network) may have open, 1 to
   * 2 ** 31 - 1; no limit by default. More are closed before JavaScript wakes.
   */
  maxConnectionsPerAddress?: number | undefined;
  /**
   * Connections that one address may open in a second, 1 to 2 ** 31 - 1; no limit by
   * default. More are closed before JavaScript wakes.
   */
  acceptRate?: number | undefined;
  /**
   * 'require' to refuse connections that do not begin with a PROXY header, 'accept' to
   * read one where it is; none is read by default. Then `remoteAddress` is the client's,
   * and `socket.proxy` has the rest. Not for named pipes of Windows, nor in a cluster
   * worker under round robin.
   */
  proxyProtocol?: 'require' | 'accept' | undefined;
  /**
   * Milliseconds that a header may take from the accept on, 1 to 2 ** 31 - 1; 5,000 by
   * default.
   */
  proxyTimeout?: number | undefined;
  /**
   * The addresses that may send a header; all by default. Others are refused with
   * 'require', and their bytes are data with 'accept'.
   */
  trusted?: net.BlockList | undefined;
  /** The `coalesce` of the accepted sockets. */
  coalesce?: boolean | undefined;
  /** The `copyWrites` of the accepted sockets. */
  copyWrites?: boolean | undefined;
  /** The `relay` of the accepted sockets. */
  relay?: boolean | undefined;
  /** The `handOver` of the accepted sockets. */
  handOver?: boolean | undefined;
}

/** Options of `listen()`. */
export interface ListenOptions extends net.ListenOptions {
  /** True to let several sockets listen on the same address. */
  reusePort?: boolean | undefined;
  /**
   * True to listen together with all servers of this process, in any thread, that listen
   * on the same address and port, or path, with this option; false by default. Each
   * connection goes to a thread that has few. Can not be true with a handle or a
   * descriptor. Paths are shared on Unix only (`ENOTSUP` on Windows).
   */
  shared?: boolean | undefined;
  /** A handle, a Server, or a BoundSocket, to listen on. */
  handle?: any;
  /**
   * False to leave the path in the file system when the server closes; true by
   * default. Has no effect on Windows, where a pipe's name goes with its server.
   */
  unlinkOnClose?: boolean | undefined;
  /**
   * True to replace a socket at the path on which nobody answers, which a process
   * has left behind; false by default. Needed on Unix only.
   */
  unlinkStale?: boolean | undefined;
}

/** The addresses of a dropped connection. */
export interface DropArgument {
  /** The server's address. */
  localAddress?: string;
  /** The server's port. */
  localPort?: number;
  /** 'IPv4' or 'IPv6'. */
  localFamily?: string;
  /** The peer's address. */
  remoteAddress?: string;
  /** The peer's port. */
  remotePort?: number;
  /** 'IPv4' or 'IPv6'. */
  remoteFamily?: string;
  /** Why its PROXY header was refused; undefined with `maxConnections`. */
  reason?: ProxyRefusal;
}

/**
 * Why a connection was refused for its PROXY header. `PROXY_INCOMPLETE` is one whose peer
 * ended before its header did.
 */
export type ProxyRefusal =
  | 'PROXY_INVALID'
  | 'PROXY_TOO_LONG'
  | 'PROXY_CHECKSUM'
  | 'PROXY_INCOMPLETE'
  | 'PROXY_TIMEOUT'
  | 'PROXY_UNTRUSTED';

/** Options of `server.close()`. */
export interface CloseOptions {
  /**
   * Milliseconds after which the connections that are left are reset; until then
   * idle ones are ended. 0 to 2 ** 31 - 1. Without it, they all stay.
   */
  timeout?: number | undefined;
}

/** What a close with a `timeout` did. */
export interface CloseCounts {
  /** Connections that it ended, because they were idle. */
  ended: number;
  /** Connections that were left when the time was over, and were reset. */
  reset: number;
}

/** The arguments of a Server's events. */
export interface ServerEventMap {
  /**
   * The server no longer listens, and its connections are closed. With the counts
   * after a close with a `timeout`.
   */
  close: [counts?: CloseCounts];
  /** A client has connected. */
  connection: [socket: Socket];
  /**
   * `maxConnections` rejected a connection, without an argument on a path; or its PROXY
   * header was refused.
   */
  drop: [data?: DropArgument];
  /** The server cannot listen or accept. */
  error: [error: Error];
  /** The server listens. */
  listening: [];
}

/** Accepts connections, over TCP or a Unix-domain socket. */
export class Server extends net.Server {
  constructor(connectionListener?: (socket: Socket) => void);
  constructor(
    options?: ServerOpts,
    connectionListener?: (socket: Socket) => void,
  );

  /** True to close excess connections of a cluster, not to pass them on. */
  dropMaxConnection: boolean;

  /** The option of this name, which `listen()` reads. */
  maxConnectionsPerAddress?: number | undefined;

  /** The option of this name, which `listen()` reads. */
  acceptRate?: number | undefined;

  /** The option of this name, which `listen()` reads. */
  proxyProtocol?: 'require' | 'accept' | undefined;

  /** The option of this name, which `listen()` reads. */
  proxyTimeout?: number | undefined;

  /** The option of this name, which `listen()` reads. */
  trusted?: net.BlockList | undefined;

  /** Leaves new connections in the kernel's backlog, also before `listen()`. */
  pauseAccepting(): this;

  /** Accepts connections again, those that wait first. */
  resumeAccepting(): this;

  /**
   * Returns a socket option as the system has it; while the server does not listen, as
   * it was set.
   */
  getSocketOption<Name extends keyof SocketSystemOpts>(
    name: Name,
  ): SocketSystemOpts[Name];

  /**
   * Stops listening. 'close' follows once all connections are closed.
   * @param callback called at 'close', or with ERR_SERVER_NOT_RUNNING
   */
  close(callback?: (error?: Error) => void): this;
  close(
    options: CloseOptions,
    callback?: (error?: Error | null, counts?: CloseCounts) => void,
  ): this;

  /**
   * Ends the connections on which nothing is under way: all that came in was read
   * and answered, and all that was written was sent.
   */
  closeIdleConnections(): void;

  /** Destroys all connections. */
  closeAllConnections(): void;

  /** Closes the server. */
  [Symbol.asyncDispose](): Promise<void>;

  /**
   * Iterates over the connections, until the server is closed. Rejects when it
   * emits 'error'. A connection waits until the loop asks for it.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Socket>;

  /** See EventEmitter. */
  addListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  addListener(event: string | symbol, listener: (...args: any[]) => void): this;
  /** See EventEmitter. */
  on<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;
  /** See EventEmitter. */
  once<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  once(event: string | symbol, listener: (...args: any[]) => void): this;
  /** See EventEmitter. */
  prependListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  prependListener(
    event: string | symbol,
    listener: (...args: any[]) => void,
  ): this;
  /** See EventEmitter. */
  prependOnceListener<E extends keyof ServerEventMap>(
    event: E,
    listener: (...args: ServerEventMap[E]) => void,
  ): this;
  prependOnceListener(
    event: string | symbol,
    listener: (...args: any[]) => void,
  ): this;
}

/** Creates a Server. Call `listen()` on it. */
export function createServer(
  connectionListener?: (socket: Socket) => void,
): Server;
export function createServer(
  options?: ServerOpts,
  connectionListener?: (socket: Socket) => void,
): Server;

/** Creates a Socket and connects it; 'connect' follows. */
export function connect(
  options: NetConnectOpts | ParallelNetConnectOpts,
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
  options: NetConnectOpts | ParallelNetConnectOpts,
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

export * as promises from './promises';

/** The TCP address of a BoundSocket. */
export interface TcpBoundSocketOptions {
  /** A numeric address; names are not resolved. */
  host?: string | undefined;
  /** 0 to 65535; 0, the default, picks a free one. */
  port?: number | undefined;
  /** True to reject IPv4 connections on an IPv6 address. */
  ipv6Only?: boolean | undefined;
  /** True to share the address with other sockets that set this too. */
  reusePort?: boolean | undefined;
}

/** The Unix-domain path of a BoundSocket. */
export interface PathBoundSocketOptions {
  /** A path in the file system; on Linux also an abstract name (`\0name`). */
  path: string;
}

/** The address of a BoundSocket. */
export type BoundSocketOptions = TcpBoundSocketOptions | PathBoundSocketOptions;

/**
 * A socket that its constructor binds. It neither listens nor connects until one
 * Server (`listen(bound)`) or one Socket (`new Socket({ handle: bound })`) adopts
 * it.
 */
export class BoundSocket {
  constructor(options?: TcpBoundSocketOptions);
  constructor(options: PathBoundSocketOptions);

  // For a path this is the path itself.
  /** Returns its address, in the form of `server.address()`. */
  address(): any;

  /** Returns the descriptor, which the socket keeps. */
  fd(): number;

  /** True when it is bound to a path. */
  get isPipe(): boolean;

  /** Closes the socket; throws if a Server or Socket has adopted it. */
  close(): void;

  /** Closes the socket, unless a Server or Socket has adopted it. */
  [Symbol.dispose](): void;
}

/** An address family. */
export type IPVersion = 'ipv4' | 'ipv6';

/** Options of `new SocketAddress()`. */
export interface SocketAddressInitOptions {
  /** Numeric; '127.0.0.1' or '::' by default. */
  address?: string | undefined;
  /** 'ipv4' by default. */
  family?: IPVersion | undefined;
  /** IPv6 only; at most 20 bits. */
  flowlabel?: number | undefined;
  /** 0 to 65535. */
  port?: number | undefined;
}

/** An immutable address with a port. */
export class SocketAddress extends net.SocketAddress {
  constructor(options?: SocketAddressInitOptions);

  /** The numeric address. */
  readonly address: string;
  /** 'ipv4' or 'ipv6'. */
  readonly family: IPVersion;
  /** 0 to 65535. */
  readonly port: number;
  /** IPv6 only; at most 20 bits. */
  readonly flowlabel: number;

  /** Returns its parts as a plain object. */
  toJSON(): {
    address: string;
    port: number;
    family: IPVersion;
    flowlabel: number;
  };

  /**
   * Parses "address:port", with an IPv6 address in brackets.
   * @returns undefined if the input is invalid
   */
  static parse(input: string): SocketAddress | undefined;

  /** Returns true for a SocketAddress of rust-net or of node. */
  static isSocketAddress(value: unknown): value is net.SocketAddress;
}

/** A list of addresses, subnets and ranges to check an address against. */
export class BlockList extends net.BlockList {
  /** Private, loopback and link-local networks, for `addCIDRs()`. */
  static PRIVATE_RANGES: readonly string[];

  /** Returns true for a BlockList of rust-net or of node. */
  static isBlockList(value: unknown): value is net.BlockList;

  /** Adds all of the addresses, or none if one of them is invalid. */
  addAddresses(
    addresses: readonly (string | net.SocketAddress)[],
    family?: IPVersion,
  ): void;

  /**
   * Adds a subnet.
   * @param cidr for instance "10.0.0.0/8"
   */
  addCIDR(cidr: string): void;
  /** Adds all of the subnets, or none if one of them is invalid. */
  addCIDRs(cidrs: readonly string[]): void;

  /** Removes an address that was added as an address. */
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

  /** The number of rules. */
  readonly size: number;

  /** Returns the rules as strings, like `rules`. */
  toJSON(): readonly string[];

  /**
   * Adds rules that are given as strings, and ignores invalid ones.
   * @param data an array, or an array as JSON
   */
  fromJSON(data: string | readonly string[]): void;
}

/** Returns true if a connect tries the addresses of both families by default. */
export function getDefaultAutoSelectFamily(): boolean;
/** Sets whether a connect tries the addresses of both families by default. */
export function setDefaultAutoSelectFamily(value: boolean | 'parallel'): void;

/** Returns the milliseconds for one address before the next is tried. */
export function getDefaultAutoSelectFamilyAttemptTimeout(): number;
/**
 * Sets the milliseconds for one address before the next is tried; at least 10.
 */
export function setDefaultAutoSelectFamilyAttemptTimeout(value: number): void;

/** The counters of this thread's sockets since it loaded rust-net. */
export interface EnvironmentStats {
  /** What waits for the sockets; see the README's settings. */
  driver: 'on-loop' | 'threaded';
  /** Open now: connections, and sockets that connect. */
  sockets: number;
  /** Listening now. */
  servers: number;
  /** Connections that servers accepted. */
  accepted: number;
  /** Connects that succeeded. */
  connected: number;
  /** Bytes received. */
  bytesRead: number;
  /** Bytes that `write()` accepted: sent or still queued. */
  bytesWritten: number;
  /** How often the event loop called rust-net. */
  wakes: number;
  /** How often rust-net called JavaScript. */
  batches: number;
  /** The events of those calls. */
  events: number;
  /** Descriptors that came over Unix-domain sockets for a listener. */
  descriptorsReceived: number;
  /** Descriptors that were sent over Unix-domain sockets. */
  descriptorsSent: number;
  /** Connections that TLS has got, with what it reads and writes. */
  handedOver: number;
  /** Attempts that races in parallel have started. */
  raced: number;
  /** System calls by kind. */
  systemCalls: { poll: number; accept: number; read: number; write: number };
  /**
   * Whether node:http and the built-in `fetch` are on rust-net's sockets, how many
   * connections http servers have accepted there, in a cluster too, how many requests
   * and `fetch` have opened, with those that failed, and how many idle ones Agents have
   * dropped, as the server had ended them.
   */
  http: {
    isInstalled: boolean;
    accepted: number;
    opened: number;
    idleDropped: number;
  };
}

/** An address of an open socket or server. */
export interface OpenAddress {
  /** The IP address. */
  address: string;
  /** Its family. */
  family: 'IPv4' | 'IPv6';
  /** 0 to 65535. */
  port: number;
}

/** A socket or server that is open in this thread. */
export type OpenHandle =
  | {
      type: 'socket';
      /** `undefined` for Unix-domain sockets. */
      local: OpenAddress | undefined;
      /** `undefined` for Unix-domain sockets, and before the connection. */
      remote: OpenAddress | undefined;
      connecting: boolean;
      bytesRead: number;
      bytesWritten: number;
      /** Bytes that the kernel has not taken yet. */
      queued: number;
      /** False when it does not keep the process running. */
      referenced: boolean;
    }
  | {
      type: 'server';
      /** `undefined` for Unix-domain sockets. */
      local: OpenAddress | undefined;
      /** Of a Unix-domain socket or named pipe. */
      path: string | undefined;
      connections: number;
      referenced: boolean;
    };

/** The counters of a server since it was created. */
export interface ServerStats {
  /** Open now. */
  connections: number;
  /** All so far. */
  accepted: number;
  /**
   * Rejected by `maxConnections`, the `blockList` or a limit for each address, or refused
   * for their PROXY headers.
   */
  dropped: number;
  /** Of `dropped`: by `maxConnectionsPerAddress`. */
  rejectedByAddress: number;
  /** Of `dropped`: by `acceptRate`. */
  rejectedByRate: number;
  /** PROXY headers that were read. */
  proxyHeaders: number;
  /** Connections that were refused for their PROXY headers. */
  proxyRefused: number;
  /** Over all connections, closed ones included. */
  bytesRead: number;
  /** Like `bytesRead`: sent or still queued. */
  bytesWritten: number;
  /** Of a server that listens with `shared`: what all of its threads have. */
  shared?: SharedStats;
}

/** How the connections of an address are spread over the threads that share it. */
export interface SharedStats {
  /** Accepted, and not taken by a thread yet. */
  waiting: number;
  /** One for each server, in the order in which they began to listen. */
  threads: Array<{
    /** `threadId` of `worker_threads`; 0 is the main thread. */
    threadId: number;
    /** Open now. */
    connections: number;
  }>;
}

/** The counters of a socket since it was created. */
export interface SocketStats {
  /** Bytes received. */
  bytesRead: number;
  /** Bytes that `write()` accepted: sent or still queued. */
  bytesWritten: number;
  /** Bytes that the kernel has not taken yet; 0 once the socket is closed. */
  queued: number;
  /** System calls that read; 0 once the socket is closed. */
  reads: number;
  /**
   * System calls that wrote, without those of the sender thread; 0 once the
   * socket is closed.
   */
  writes: number;
}

/**
 * Returns the counters of this thread, of a server or of a socket. Counting is
 * always on.
 * @throws {TypeError} for anything but a socket or server of rust-net
 */
export function getStats(): EnvironmentStats;
export function getStats(options: {
  /** Adds the list of what is open. */
  sockets: true;
}): EnvironmentStats & { open: OpenHandle[] };
export function getStats(server: Server): ServerStats;
export function getStats(socket: Socket): SocketStats;

/**
 * Returns the arguments of `connect()` and `listen()` as options and callback.
 * Node does not document it, but packages use it.
 */
export function _normalizeArgs(
  args: readonly unknown[],
): [options: Record<string, any>, callback: Function | null];

/**
 * Returns a bound handle, or a negative errno. Node does not document it, but
 * packages use it.
 */
export function _createServerHandle(
  address: string | null,
  port: number,
  addressType?: 4 | 6 | -1 | null,
  fd?: number,
  flags?: number,
): any;
