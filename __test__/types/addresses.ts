// BoundSocket, SocketAddress and BlockList, as of Node 26.

import * as nodeNet from 'node:net';
import * as net from 'rust-net';
import { type Equal, expectTrue } from './equal.js';

const place: net.TcpBoundSocketOptions = {
  host: '::1',
  ipv6Only: true,
  port: 0,
  reusePort: true,
};
const name: net.PathBoundSocketOptions = { path: '/tmp/socket' };
const places: net.BoundSocketOptions[] = [place, name];
void places;
const bound = new net.BoundSocket(place);
const fd = bound.fd();
expectTrue<Equal<typeof fd, number>>();
expectTrue<Equal<typeof bound.isPipe, boolean>>();
const address: nodeNet.AddressInfo = bound.address();
bound.close();
new net.BoundSocket(name)[Symbol.dispose]();
// @ts-expect-error one or the other
new net.BoundSocket({ path: '/tmp/socket', port: 1 });
// @ts-expect-error a number
new net.BoundSocket({ port: '1' });
// @ts-expect-error it is told
bound.isPipe = true;

const options: net.SocketAddressInitOptions = {
  address: '::1',
  family: 'ipv6',
  flowlabel: 1,
  port: address.port,
};
const one = new net.SocketAddress(options);
expectTrue<Equal<typeof one.address, string>>();
expectTrue<Equal<typeof one.family, net.IPVersion>>();
expectTrue<Equal<typeof one.flowlabel, number>>();
expectTrue<Equal<typeof one.port, number>>();
// @ts-expect-error it does not change
one.port = 1;
expectTrue<Equal<net.IPVersion, 'ipv4' | 'ipv6'>>();
const plain = one.toJSON();
expectTrue<Equal<typeof plain, Required<Plain>>>();
interface Plain {
  address: string;
  port: number;
  family: net.IPVersion;
  flowlabel: number;
}
const text: [string, number, net.IPVersion, number] = [
  plain.address,
  plain.port,
  plain.family,
  plain.flowlabel,
];
const parsed = net.SocketAddress.parse(text[0]);
expectTrue<Equal<typeof parsed, net.SocketAddress | undefined>>();
// @ts-expect-error a string
net.SocketAddress.parse(80);
// @ts-expect-error a family is one of two words
new net.SocketAddress({ family: 'IPv4' });

const list = new net.BlockList();
list.addAddresses(['10.0.0.1', one, new nodeNet.SocketAddress({})], 'ipv4');
list.addCIDR('10.0.0.0/8');
list.addCIDRs(net.BlockList.PRIVATE_RANGES);
list.removeAddress('10.0.0.1', 'ipv4');
list.removeAddress(one);
list.removeRange('10.0.0.1', '10.0.0.2', 'ipv4');
list.removeRange(one, one);
list.removeSubnet('10.0.0.0', 8, 'ipv4');
list.removeSubnet(one, 8);
list.removeCIDR('10.0.0.0/8');
const rules = list.toJSON();
expectTrue<Equal<typeof rules, readonly string[]>>();
list.fromJSON(rules);
list.fromJSON('[]');
list.clear();
expectTrue<Equal<typeof list.size, number>>();
expectTrue<Equal<typeof net.BlockList.PRIVATE_RANGES, readonly string[]>>();
// @ts-expect-error it is counted
list.size = 0;
// @ts-expect-error a family is one of two words
list.removeAddress('10.0.0.1', 'ipv5');
// @ts-expect-error an array
list.addCIDRs('10.0.0.0/8');
const something: unknown = list;
if (net.BlockList.isBlockList(something)) something.check('10.0.0.1');
if (net.SocketAddress.isSocketAddress(something)) void something.port;
