/*
 * The handles below `net`, in the shape of node's internal bindings of these
 * names. Verbs return zero or a negative errno of libuv.
 */

/** Filled in by `getsockname()` and `getpeername()`. */
export interface Endpoint {
  /** In numbers. */
  address?: string;
  /** 'IPv4' or 'IPv6'. */
  family?: string;
  /** 0 to 65535. */
  port?: number;
}

/** Asks a handle for something that is finished later. */
export interface Request {
  /** Called with zero or a negative errno when it is finished. */
  oncomplete: ((status: number, ...rest: any[]) => void) | undefined;
}

/** The request of a connect. */
export interface ConnectWrap extends Request {}
/** The request of a shutdown. */
export interface ShutdownWrap extends Request {}
/** The request of a write. */
export interface WriteWrap extends Request {
  /** The handle that is written to, for `oncomplete`. */
  handle?: any;
  /** Whether `oncomplete` will be called. */
  async?: boolean;
  /** How many bytes there were. */
  bytes?: number;
}

/** What TCP connections, Unix-domain sockets and their servers share. */
declare class StreamHandle {
  /** With nothing in `arrayBuffer` where `useUserBuffer()` is in force. */
  onread: ((arrayBuffer?: ArrayBuffer) => Uint8Array | void) | undefined;
  /** Called with each connection that a listening handle accepts. */
  onconnection: ((status: number, handle?: any) => void) | undefined;
  /** For the owner, who says whether it has asked for data. */
  reading: boolean;
  /** The descriptor, or -1. */
  readonly fd: number;
  /** Bytes that have come in. */
  readonly bytesRead: number;
  /** Bytes that were handed over, sent or still queued. */
  readonly bytesWritten: number;
  /** Bytes that the kernel has not taken. */
  readonly writeQueueSize: number;

  /** The id that async_hooks knows it by. */
  getAsyncId(): number;
  /** Takes a descriptor over. */
  open(fd: number): number;
  /** Lets connections come: `onconnection`. */
  listen(backlog: number): number;
  /** Lets data come: `onread`. */
  readStart(): number;
  /** Lets no more data come. */
  readStop(): number;
  /** Has everything read into this buffer. */
  useUserBuffer(buffer: Uint8Array): void;
  /** Writes bytes. */
  writeBuffer(request: WriteWrap, data: Uint8Array): number;
  /** Writes several: bytes, or in turns a chunk and its encoding. */
  writev(
    request: WriteWrap,
    chunks: readonly any[],
    allBuffers?: boolean,
  ): number;
  /** Writes text as UTF-8. */
  writeUtf8String(request: WriteWrap, text: string): number;
  /** Writes text, a byte a character. */
  writeAsciiString(request: WriteWrap, text: string): number;
  /** Writes text, a byte a character. */
  writeLatin1String(request: WriteWrap, text: string): number;
  /** Writes text, two bytes a unit, the lower first. */
  writeUcs2String(request: WriteWrap, text: string): number;
  /** Ends the writing side, behind everything that is queued. */
  shutdown(request: ShutdownWrap): number;
  /** Closes the descriptor; the callback comes when that is told. */
  close(callback?: () => void): void;
  /** Lets the handle keep the process alive. */
  ref(): void;
  /** Lets the process end in spite of the handle. */
  unref(): void;
  /** Whether the handle keeps the process alive. */
  hasRef(): boolean;
}

/**
 * A TCP connection or server. What Node's permission model denies is thrown by
 * bind and listen; a connect returns the error in place of a number.
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
  /** Writes the own address into `out`. */
  getsockname(out: Endpoint): number;
  /** Writes the peer's address into `out`. */
  getpeername(out: Endpoint): number;
  /** Switches Nagle's algorithm off, or on. */
  setNoDelay(enable: boolean): number;
  /** The delay and the interval are in seconds. */
  setKeepAlive(
    enable: boolean,
    delay: number,
    interval?: number,
    count?: number,
  ): number;
  /** Sets the IP type of service, 0 to 255. */
  setTypeOfService(tos: number): number;
  /** The IP type of service, or a negative errno. */
  getTypeOfService(): number;
  /** Closes the connection with a reset instead of an end. */
  reset(callback?: () => void): number;
}

/** A Unix-domain socket or server; denied as a TCP is. */
declare class Pipe extends StreamHandle {
  constructor(type: number);
  /** Binds to a name. */
  bind(path: string): number;
  /** Connects to a name. */
  connect(request: ConnectWrap, path: string): number;
  /** Lets everybody read or write: UV_READABLE, UV_WRITABLE, or both. */
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

/** What both share, as node's `internalBinding('stream_wrap')`. */
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
