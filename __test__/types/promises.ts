// Promises of connections and servers.

import * as net from 'rust-net';
import * as all from 'rust-net/promises';
import { connect, listen } from 'rust-net/promises';
import { type Equal, expectTrue } from './equal.js';

expectTrue<Equal<typeof net.promises.connect, typeof connect>>();
expectTrue<Equal<typeof net.promises.listen, typeof listen>>();
expectTrue<Equal<typeof all.BlockList, typeof net.BlockList>>();
expectTrue<Equal<typeof all.SocketAddress, typeof net.SocketAddress>>();
expectTrue<Equal<typeof all.isIP, typeof net.isIP>>();
expectTrue<Equal<typeof all.isIPv4, typeof net.isIPv4>>();
expectTrue<Equal<typeof all.isIPv6, typeof net.isIPv6>>();

const { signal } = new AbortController();
const abortable: all.Abortable = { signal };
const where: all.ConnectOptions = { port: 1, noDelay: true, ...abortable };
const options: all.ListenOptions = {
  port: 0,
  noDelay: true,
  connectionListener: (socket) => void socket.getTypeOfService(),
  fd: undefined,
  signal,
};

async function use() {
  const sockets = [
    await connect(where),
    await connect(1, 'localhost'),
    await connect('/a/path'),
  ];
  expectTrue<Equal<typeof sockets, net.Socket[]>>();
  const server = await listen(options);
  expectTrue<Equal<typeof server, net.Server>>();
  await net.promises.listen();
  for await (const socket of server) {
    expectTrue<Equal<typeof socket, net.Socket>>();
  }
  const { value } = await server[Symbol.asyncIterator]().next();
  const next: net.Socket | undefined = value;
  void next;
  // @ts-expect-error nowhere to connect to
  await connect({ noDelay: true });
  // @ts-expect-error not a boolean
  await listen({ noDelay: 1 });
}
void use;
