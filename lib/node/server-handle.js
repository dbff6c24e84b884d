'use strict';

const { functionOf, internal } = require('./internals');
const nodeNet = require('./net');

/**
 * Returns node's function that creates and binds a handle for a server, or
 * undefined. Taken at load time, before a program can replace it.
 *
 * @type {() => ((address: string, port: number, type: number) => any) | undefined}
 */
const serverHandleCreator = internal(
  'net._createServerHandle',
  "denied networks get rust-net's error text; Windows passes no socket to node",
  () => functionOf(Reflect.get(nodeNet, '_createServerHandle')),
);
serverHandleCreator();

module.exports = { serverHandleCreator };
