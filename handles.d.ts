/*
 * The handles below `net`, in the shape of node's internal bindings of these
 * names. Verbs return zero or a negative errno of libuv.
 */

/** Filled in by `getsockname()` and `getpeername()`. */
export interface Endpoint {
  address?: string;
  family?: string;
  port?: number;
}

/** Asks a handle for something that is finished later. */
export interface Request {
  oncomplete: ((status: number, ...rest: any[]) => void) | undefined;
}

export interface ConnectWrap extends Request {}
export interface ShutdownWrap extends Request {}
export interface WriteWrap extends Request {
  handle?: any;
  async?: boolean;
  bytes?: number;
}

/** What TCP connections, Unix-domain sockets and their servers share. */
declare class StreamHandle {
  /** With nothing in `arrayBuffer` where `useUserBuffer()` is in force. */
  onread: ((arrayBuffer?: ArrayBuffer) => Uint8Array | void) | undefined;
  onconnection: ((status: number, handle?: any) => void) | undefined;
  reading: boolean;
  readonly fd: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
  readonly writeQueueSize: number;

  getAsyncId(): number;
  open(fd: number): number;
  listen(backlog: number): number;
  readStart(): number;
  readStop(): number;
  useUserBuffer(buffer: Uint8Array): void;
  writeBuffer(request: WriteWrap, data: Uint8Array): number;
  writev(
    request: WriteWrap,
    chunks: readonly any[],
    allBuffers?: boolean,
  ): number;
  writeUtf8String(request: WriteWrap, text: string): number;
  writeAsciiString(request: WriteWrap, text: string): number;
  writeLatin1String(request: WriteWrap, text: string): number;
  writeUcs2String(request: WriteWrap, text: string): number;
  shutdown(request: ShutdownWrap): number;
  close(callback?: () => void): void;
  ref(): void;
  unref(): void;
  hasRef(): boolean;
}

declare class TCP extends StreamHandle {
  constructor(type: number);
  bind(address: string, port: number, flags?: number): number;
  bind6(address: string, port: number, flags?: number): number;
  connect(request: ConnectWrap, address: string, port: number): number;
  connect6(request: ConnectWrap, address: string, port: number): number;
  getsockname(out: Endpoint): number;
  getpeername(out: Endpoint): number;
  setNoDelay(enable: boolean): number;
  /** The delay and the interval are in seconds. */
  setKeepAlive(
    enable: boolean,
    delay: number,
    interval?: number,
    count?: number,
  ): number;
  setTypeOfService(tos: number): number;
  getTypeOfService(): number;
  reset(callback?: () => void): number;
}

declare class Pipe extends StreamHandle {
  constructor(type: number);
  bind(path: string): number;
  connect(request: ConnectWrap, path: string): number;
  fchmod(mode: number): number;
}

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
