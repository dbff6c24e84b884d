// rust-net in the place of node:net: whatever takes the one takes the other.

import nodeNet = require('node:net');
import rustNet = require('rust-net');

const n: typeof import('node:net') = rustNet;
const server: nodeNet.Server = rustNet.createServer((socket) => {
  const one: nodeNet.Socket = socket;
  one.pipe(socket);
});
const socket: nodeNet.Socket = rustNet.connect(1, 'localhost');
const list: nodeNet.BlockList = new rustNet.BlockList();
const address: nodeNet.SocketAddress = new rustNet.SocketAddress();

// As values and as types, all that programs take from net.
const make: () => rustNet.Socket = () => new rustNet.Socket({ fd: 1 });
const also: rustNet.Stream = new rustNet.Stream();
const info: rustNet.AddressInfo = server.address() as rustNet.AddressInfo;
const lookup: rustNet.LookupFunction | undefined = undefined;
const known: 4 | 6 | 0 | number = rustNet.isIP('::1');

class Derived extends rustNet.Socket {
  constructor() {
    super({ allowHalfOpen: true });
    this.on('data', (data) => void data.length);
  }
}
class DerivedServer extends rustNet.Server {}

export = {
  address,
  also,
  Derived,
  DerivedServer,
  info,
  known,
  list,
  lookup,
  make,
  n,
  socket,
};
