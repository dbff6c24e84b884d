import net = require('net');
import tls = require('tls');

/**
 * The API of the earliest documentation of net, node 0.1 to 0.4, on the sockets
 * of rust-net: everything of `net`, and what stands here.
 */
declare namespace legacy {
  /** What `tls.createSecureContext` returns, or what it takes. */
  type Credentials =
    tls.SecureContext | Pick<tls.SecureContextOptions, 'key' | 'cert' | 'ca'>;

  type Encoding = 'ascii' | 'utf8' | 'base64' | 'binary';

  /** The readyState of a Stream; a new one is 'closed'. */
  type ReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed';

  /**
   * A net.Socket that is half-open unless `allowHalfOpen` is false, connects to
   * 127.0.0.1, and writes text as 'ascii', where nothing else is said.
   */
  interface Stream extends net.Socket {
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

    on(event: 'secure', listener: () => void): this;
    on(event: string, listener: (...args: any[]) => void): this;
    once(event: 'secure', listener: () => void): this;
    once(event: string, listener: (...args: any[]) => void): this;
  }

  interface Server extends net.Server {
    /** How many are open; null when child processes share the server. */
    connections: number;
    /** Listens on a descriptor that is bound already. */
    listenFD(fd: number): this;
  }

  type Listener = (stream: Stream) => void;

  interface StreamConstructor {
    new (options?: net.SocketConstructorOpts | number): Stream;
    (options?: net.SocketConstructorOpts | number): Stream;
    readonly prototype: Stream;
  }

  interface ServerConstructor {
    new (listener?: Listener): Server;
    new (options?: net.ServerOpts, listener?: Listener): Server;
    (listener?: Listener): Server;
    (options?: net.ServerOpts, listener?: Listener): Server;
    readonly prototype: Server;
  }

  interface Connect {
    /** The host is 127.0.0.1 unless it is named. */
    (port: number | string, host?: string, listener?: () => void): Stream;
    (port: number | string, listener?: () => void): Stream;
    (path: string, listener?: () => void): Stream;
    (options: net.NetConnectOpts, listener?: () => void): Stream;
  }

  interface CreateServer {
    (listener?: Listener): Server;
    (options?: net.ServerOpts, listener?: Listener): Server;
  }
}

type Replaced =
  | 'Server'
  | 'Socket'
  | 'Stream'
  | 'connect'
  | 'createConnection'
  | 'createServer';

type Legacy = Omit<typeof net, Replaced> & {
  readonly Server: legacy.ServerConstructor;
  readonly Socket: legacy.StreamConstructor;
  readonly Stream: legacy.StreamConstructor;
  readonly connect: legacy.Connect;
  readonly createConnection: legacy.Connect;
  readonly createServer: legacy.CreateServer;
};

declare const legacy: Legacy;
export = legacy;
