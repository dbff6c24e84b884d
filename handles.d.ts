/*
 * The handles below `net`, in the shape of node's internal bindings of these
 * names. Verbs return zero or a negative errno of libuv.
 */

/** The result of `getsockname()` and `getpeername()`. */
export interface Endpoint {
  /** The numeric address. */
  address?: string;
  /** 'IPv4' or 'IPv6'. */
  family?: string;
  /** 0 to 65535. */
  port?: number;
}

/** A request to a handle that completes later. */
export interface Request {
  /** Called with zero or a negative errno when it completes. */
  oncomplete: ((status: number, ...rest: any[]) => void) | undefined;
}

/** The request of a connect. */
export interface ConnectWrap extends Request {}
/** The request of a shutdown. */
export interface ShutdownWrap extends Request {}
/** The request of a write. */
export interface WriteWrap extends Request {
  /** The handle that was written to, for `oncomplete`. */
  handle?: any;
  /** True when `oncomplete` will be called. */
  async?: boolean;
  /** The number of bytes. */
  bytes?: number;
}

/** The common part of TCP connections, Unix-domain sockets and their servers. */
declare class StreamHandle {
  /** Called with bytes; without `arrayBuffer` after `useUserBuffer()`. */
  onread: ((arrayBuffer?: ArrayBuffer) => Uint8Array | void) | undefined;
  /** Called with each connection that a listening handle accepts. */
  onconnection: ((status: number, handle?: any) => void) | undefined;
  /** True while the owner reads; the owner sets it. */
  reading: boolean;
  /** The descriptor, or -1. */
  readonly fd: number;
  /** Bytes received. */
  readonly bytesRead: number;
  /** Bytes that writes accepted: sent or still queued. */
  readonly bytesWritten: number;
  /** Bytes that the kernel has not taken. */
  readonly writeQueueSize: number;

  /** Returns its id in async_hooks. */
  getAsyncId(): number;
  /** Adopts a descriptor. */
  open(fd: number): number;
  /** Starts to accept connections, for `onconnection`. */
  listen(backlog: number): number;
  /** Starts to read, for `onread`. */
  readStart(): number;
  /** Stops reading. */
  readStop(): number;
  /** Reads everything into this buffer from now on. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Writes bytes. */
  writeBuffer(request: WriteWrap, data: Uint8Array): number;
  /** Writes several chunks: bytes, or chunks alternating with encodings. */
  writev(
    request: WriteWrap,
    chunks: readonly any[],
    allBuffers?: boolean,
  ): number;
  /** Writes text as UTF-8. */
  writeUtf8String(request: WriteWrap, text: string): number;
  /** Writes text with one byte per character. */
  writeAsciiString(request: WriteWrap, text: string): number;
  /** Writes text with one byte per character. */
  writeLatin1String(request: WriteWrap, text: string): number;
  /** Writes text as UTF-16, little-endian. */
  writeUcs2String(request: WriteWrap, text: string): number;
  /** Shuts the writing side down after everything that is queued. */
  shutdown(request: ShutdownWrap): number;
  /** Closes the descriptor, and calls back in the closing phase. */
  close(callback?: () => void): void;
  /** Makes the handle keep the process alive. */
  ref(): void;
  /** Lets the process exit while the handle is open. */
  unref(): void;
  /** Returns true if the handle keeps the process alive. */
  hasRef(): boolean;
}

/**
 * A TCP connection or server. Where Node's permission model denies it, bind and
 * listen throw, and a connect returns the error in place of a number.
 */
declare class TCP extends StreamHandle {
  constructor(type: number);
  /** Binds to an IPv4 address. */
  bind(address: string, port: number, flags?: number): number;
  /** Binds to an IPv6 address; `flags` may have UV_TCP_IPV6ONLY. */
  bind6(address: string, port: number, flags?: number): number;
  /** Connects to an IPv4 address. */
  connect(request: ConnectWrap, address: string, port: number): number;
  /** Connects to an IPv6 address. */
  connect6(request: ConnectWrap, address: string, port: number): number;
  /** Stores the local address in `out`. */
  getsockname(out: Endpoint): number;
  /** Stores the peer's address in `out`. */
  getpeername(out: Endpoint): number;
  /** Disables Nagle's algorithm, or enables it. */
  setNoDelay(enable: boolean): number;
  /** Sets the keep-alive probes; delay and interval are in seconds. */
  setKeepAlive(
    enable: boolean,
    delay: number,
    interval?: number,
    count?: number,
  ): number;
  /** Sets the IP type of service, 0 to 255. */
  setTypeOfService(tos: number): number;
  /** Returns the IP type of service, or a negative errno. */
  getTypeOfService(): number;
  /** Closes the connection with a reset instead of EOF. */
  reset(callback?: () => void): number;
}

/** A Unix-domain socket or server; the permission model applies as to TCP. */
declare class Pipe extends StreamHandle {
  constructor(type: number);
  /** Binds to a path. */
  bind(path: string): number;
  /** Connects to a path. */
  connect(request: ConnectWrap, path: string): number;
  /** Permits all users to read or write: UV_READABLE, UV_WRITABLE, or both. */
  fchmod(mode: number): number;
}

/** TCP, as node's `internalBinding('tcp_wrap')`. */
export const tcp_wrap: {
  TCP: typeof TCP;
  TCPConnectWrap: new () => ConnectWrap;
  constants: Readonly<{
    SOCKET: number;
    SERVER: number;
    UV_TCP_IPV6ONLY: number;
    UV_TCP_REUSEPORT: number;
  }>;
};

/** Unix-domain sockets, as node's `internalBinding('pipe_wrap')`. */
export const pipe_wrap: {
  Pipe: typeof Pipe;
  PipeConnectWrap: new () => ConnectWrap;
  constants: Readonly<{
    SOCKET: number;
    SERVER: number;
    IPC: number;
    UV_READABLE: number;
    UV_WRITABLE: number;
  }>;
};

/** The common part, as node's `internalBinding('stream_wrap')`. */
export const stream_wrap: {
  ShutdownWrap: new () => ShutdownWrap;
  WriteWrap: new () => WriteWrap;
  kReadBytesOrError: number;
  kArrayBufferOffset: number;
  kBytesWritten: number;
  kLastWriteWasAsync: number;
  streamBaseState: Int32Array;
};

export {};
