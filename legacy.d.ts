/*
 * The API of the earliest documentation of net, node 0.1 to 0.4, on the sockets
 * of rust-net: everything of `rust-net`, and what stands here.
 */

import * as tls from 'node:tls';
import * as net from './index';

export * from './index';

/** What `tls.createSecureContext` returns, or what it takes. */
export type Credentials =
  tls.SecureContext | Pick<tls.SecureContextOptions, 'key' | 'cert' | 'ca'>;

/** The encodings of those days. */
export type Encoding = 'ascii' | 'utf8' | 'base64' | 'binary';

/** The readyState of a Stream; a new one is 'closed'. */
export type ReadyState = net.SocketReadyState;

/**
 * A net.Socket that is half-open unless `allowHalfOpen` is false, connects to
 * 127.0.0.1, and writes text as 'ascii', where nothing else is said.
 */
export interface Stream extends net.Socket {
  /** Without an encoding, 'data' events carry Buffers again. */
  setEncoding(encoding?: Encoding | BufferEncoding | null): this;

  /**
   * Makes the connection a TLS one, in place; 'secure' says when it is. What
   * was written before goes out as it is. An accepted stream is the server of
   * the handshake.
   *
   * @param credentials of a server at least `key` and `cert`; with `ca`, or
   *   with a SecureContext, it asks for the peer's certificate
   */
  setSecure(credentials?: Credentials): void;

  /**
   * Whether an authority that we know has signed the peer's certificate. A
   * bad one does not end the connection. Names are not compared.
   */
  verifyPeer(): boolean;

  /** Empty where there is none. */
  getPeerCertificate(): Partial<tls.PeerCertificate>;

  /** Empty where the stream is not secure. */
  getCipher(): Partial<tls.CipherNameAndProtocol>;

  /** As of any emitter; 'secure' is told when the stream is secure. */
  on(event: 'secure', listener: () => void): this;
  on(event: string, listener: (...args: any[]) => void): this;
  /** As of any emitter; 'secure' is told when the stream is secure. */
  once(event: 'secure', listener: () => void): this;
  once(event: string, listener: (...args: any[]) => void): this;
}

/** A net.Server whose streams are told 'connect'. */
export interface Server extends net.Server {
  /** How many are open; null when child processes share the server. */
  connections: number;
  /** Listens on a descriptor that is bound already. */
  listenFD(fd: number): this;

  /** As of any emitter; 'connection' brings a {@link Stream}. */
  on(event: 'connection', listener: Listener): this;
  on<E extends keyof net.ServerEventMap>(
    event: E,
    listener: (...args: net.ServerEventMap[E]) => void,
  ): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;

  /** As of any emitter, but for one time; 'connection' brings a {@link Stream}. */
  once(event: 'connection', listener: Listener): this;
  once<E extends keyof net.ServerEventMap>(
    event: E,
    listener: (...args: net.ServerEventMap[E]) => void,
  ): this;
  once(event: string | symbol, listener: (...args: any[]) => void): this;
}

/** What a Server's 'connection' is told to. */
export type Listener = (stream: Stream) => void;

/** `net.Stream`; a number is a descriptor. */
export interface StreamConstructor {
  new (options?: net.SocketConstructorOpts | number): Stream;
  (options?: net.SocketConstructorOpts | number): Stream;
  /** What all streams share. */
  readonly prototype: Stream;
}

/** `net.Server`. */
export interface ServerConstructor {
  new (listener?: Listener): Server;
  new (options?: net.ServerOpts, listener?: Listener): Server;
  (listener?: Listener): Server;
  (options?: net.ServerOpts, listener?: Listener): Server;
  /** What all servers share. */
  readonly prototype: Server;
}

/** `net.createConnection`. */
export interface Connect {
  /** The host is 127.0.0.1 unless it is named. */
  (port: number | string, host?: string, listener?: () => void): Stream;
  (portOrPath: number | string, listener?: () => void): Stream;
  (options: net.NetConnectOpts, listener?: () => void): Stream;
}

/** `net.createServer`. */
export interface CreateServer {
  (listener?: Listener): Server;
  (options?: net.ServerOpts, listener?: Listener): Server;
}

export declare const Server: ServerConstructor;
export declare const Stream: StreamConstructor;
/** The same as {@link Stream}. */
export { Stream as Socket };
/** The same function as `createConnection`. */
export declare const connect: Connect;
/** A Stream on its way to a peer; 'connect' says that it is there. */
export declare const createConnection: Connect;
/** A Server, which is to be told where to `listen()`. */
export declare const createServer: CreateServer;
