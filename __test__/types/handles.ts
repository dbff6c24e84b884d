// rust-net/handles: the handle classes, verb by verb.

import {
  type ConnectWrap,
  type Endpoint,
  pipe_wrap,
  type Request,
  type ShutdownWrap,
  stream_wrap,
  tcp_wrap,
  type WriteWrap,
} from 'rust-net/handles';
import { type Equal, expectTrue } from './equal.js';

const tcp = new tcp_wrap.TCP(tcp_wrap.constants.SOCKET);
const pipe = new pipe_wrap.Pipe(pipe_wrap.constants.SERVER);
const connecting: ConnectWrap = new tcp_wrap.TCPConnectWrap();
const connectingPipe: ConnectWrap = new pipe_wrap.PipeConnectWrap();
const ending: ShutdownWrap = new stream_wrap.ShutdownWrap();
const writing: WriteWrap = new stream_wrap.WriteWrap();
const requests: Request[] = [connecting, connectingPipe, ending, writing];
for (const each of requests) each.oncomplete = (code) => void code.toFixed();
writing.handle = tcp;
expectTrue<Equal<typeof writing.async, boolean | undefined>>();
expectTrue<Equal<typeof writing.bytes, number | undefined>>();

tcp.onread = (bytes) => void bytes?.byteLength;
tcp.onconnection = (status, handle) => void [status.toFixed(), handle];
tcp.reading = true;
const counts = [tcp.bytesRead, tcp.bytesWritten, tcp.writeQueueSize, tcp.fd];
expectTrue<Equal<typeof counts, number[]>>();
// @ts-expect-error it is told
tcp.fd = 1;

// All of them return zero or a negative errno.
const endpoint: Endpoint = { address: '::1', family: 'IPv6', port: 1 };
const bytes = new Uint8Array(1);
const statuses: number[] = [
  tcp.open(3),
  tcp.listen(5),
  tcp.readStart(),
  tcp.readStop(),
  tcp.writeBuffer(writing, bytes),
  tcp.writev(writing, [bytes], true),
  tcp.writev(writing, ['text', 'utf8']),
  tcp.writeUtf8String(writing, 'text'),
  tcp.writeAsciiString(writing, 'text'),
  tcp.writeLatin1String(writing, 'text'),
  tcp.writeUcs2String(writing, 'text'),
  tcp.shutdown(ending),
  tcp.bind('127.0.0.1', 0),
  tcp.bind6('::1', 0, tcp_wrap.constants.UV_TCP_IPV6ONLY),
  tcp.bind('127.0.0.1', 0, tcp_wrap.constants.UV_TCP_REUSEPORT),
  tcp.connect(connecting, '127.0.0.1', 1),
  tcp.connect6(connecting, '::1', 1),
  tcp.getsockname(endpoint),
  tcp.getpeername(endpoint),
  tcp.setNoDelay(true),
  tcp.setKeepAlive(true, 1),
  tcp.setKeepAlive(true, 1, 1, 5),
  tcp.setTypeOfService(16),
  tcp.getTypeOfService(),
  tcp.reset(() => {}),
  pipe.bind('/tmp/socket'),
  pipe.connect(connectingPipe, '/tmp/socket'),
  pipe.fchmod(
    pipe_wrap.constants.UV_READABLE | pipe_wrap.constants.UV_WRITABLE,
  ),
];
void statuses;
tcp.useUserBuffer(bytes);
tcp.ref();
tcp.unref();
tcp.close(() => {});
const isRef = tcp.hasRef();
expectTrue<Equal<typeof isRef, boolean>>();
const asyncId = tcp.getAsyncId();
expectTrue<Equal<typeof asyncId, number>>();
// @ts-expect-error a descriptor is a number
tcp.open('1');
// @ts-expect-error of TCP alone
pipe.setNoDelay(true);

const constants: number[] = [
  tcp_wrap.constants.SERVER,
  pipe_wrap.constants.SOCKET,
  pipe_wrap.constants.IPC,
  stream_wrap.kReadBytesOrError,
  stream_wrap.kArrayBufferOffset,
  stream_wrap.kBytesWritten,
  stream_wrap.kLastWriteWasAsync,
  ...stream_wrap.streamBaseState,
];
void constants;
