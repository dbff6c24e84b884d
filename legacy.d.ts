/*
 * The API of net in node 0.1 to 0.4, on rust-net's sockets: everything of `rust-net`
 * and the declarations below.
 */

import * as tls from 'node:tls';
import * as net from './index';

export * from './index';

/** A SecureContext of node's tls, or its options. */
export type Credentials =
  tls.SecureContext | Pick<tls.SecureContextOptions, 'key' | 'cert' | 'ca'>;

/** The encodings of node 0.1 to 0.4. */
export type Encoding = 'ascii' | 'utf8' | 'base64' | 'binary';

/** The readyState of a Stream; a new one is 'closed'. */
export type ReadyState = net.SocketReadyState;

/**
 * A net.Socket with older defaults: it is half-open, connects to 127.0.0.1 and
 * writes text as 'ascii'.
 */
export interface Stream extends net.Socket {
  /** Sets the encoding; without one, 'data' events have Buffers again. */
  setEncoding(encoding?: Encoding | BufferEncoding | null): this;

  /**
   * Turns the connection into a TLS connection in place; 'secure' follows.
   * Earlier writes leave as plain text. An accepted stream is the server of the
   * handshake.
   *
   * @param credentials for a server at least `key` and `cert`; with `ca`, or
   *   with a SecureContext, it requests the peer's certificate
   */
  setSecure(credentials?: Credentials): void;

  /**
   * Returns true if a trusted authority signed the peer's certificate. A bad
   * certificate does not end the connection. Names are not compared.
   */
  verifyPeer(): boolean;

  /** Returns the peer's certificate, or an empty object. */
  getPeerCertificate(): Partial<tls.PeerCertificate>;

  /** Returns the cipher, or an empty object if the stream is not secure. */
  getCipher(): Partial<tls.CipherNameAndProtocol>;

  /** See EventEmitter; 'secure' comes when the stream is secure. */
  on(event: 'secure', listener: () => void): this;
  on(event: string, listener: (...args: any[]) => void): this;
  /** See EventEmitter; 'secure' comes when the stream is secure. */
  once(event: 'secure', listener: () => void): this;
  once(event: string, listener: (...args: any[]) => void): this;
}

/** A net.Server whose streams emit 'connect'. */
export interface Server extends net.Server {
  /** The number of open ones; null when child processes share the server. */
  connections: number;
  /** Listens on a bound descriptor. */
  listenFD(fd: number): this;

  /** See EventEmitter; 'connection' has a {@link Stream}. */
  on(event: 'connection', listener: Listener): this;
  on<E extends keyof net.ServerEventMap>(
    event: E,
    listener: (...args: net.ServerEventMap[E]) => void,
  ): this;
  on(event: string | symbol, listener: (...args: any[]) => void): this;

  /** See EventEmitter; 'connection' has a {@link Stream}. */
  once(event: 'connection', listener: Listener): this;
  once<E extends keyof net.ServerEventMap>(
    event: E,
    listener: (...args: net.ServerEventMap[E]) => void,
  ): this;
  once(event: string | symbol, listener: (...args: any[]) => void): this;
}

/** A listener of a Server's 'connection'. */
export type Listener = (stream: Stream) => void;

/** `net.Stream`; a number is a descriptor. */
export interface StreamConstructor {
  new (options?: net.SocketConstructorOpts | number): Stream;
  (options?: net.SocketConstructorOpts | number): Stream;
  /** The prototype of all streams. */
  readonly prototype: Stream;
}

/** `net.Server`. */
export interface ServerConstructor {
  new (listener?: Listener): Server;
  new (options?: net.ServerOpts, listener?: Listener): Server;
  (listener?: Listener): Server;
  (options?: net.ServerOpts, listener?: Listener): Server;
  /** The prototype of all servers. */
  readonly prototype: Server;
}

/** `net.createConnection`. */
export interface Connect {
  /** Connects over TCP, by default to 127.0.0.1. */
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
/** Creates a Stream and connects it; 'connect' follows. */
export declare const createConnection: Connect;
/** Creates a Server. Call `listen()` on it. */
export declare const createServer: CreateServer;
