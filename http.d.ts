/// <reference types="node" />

import { RequestListener, Server, ServerOptions } from 'node:http';
import { ServerOpts } from './index';

/**
 * Makes a server as `http.createServer` does, which also takes the options of
 * `net.createServer` that only rust-net has, such as `proxyProtocol` and
 * `maxConnectionsPerAddress`.
 *
 * @throws Error with the code `ERR_INVALID_STATE` without `install()` or
 *   `rust-net/register`
 */
export function createServer(listener?: RequestListener): Server;
export function createServer(
  options: ServerOptions & ServerOpts,
  listener?: RequestListener,
): Server;

/**
 * Puts node:http in this thread on rust-net's sockets: servers from their next
 * `listen` on, requests and the built-in `fetch` from their next connection on. A
 * second call does nothing. `rust-net/register` does this too, unless
 * `RUST_NET_HTTP=0` is set.
 *
 * https, tls and http2 keep node's sockets.
 */
export function install(): void;

/**
 * Takes back what `install` did. What listens or is connected continues on rust-net's
 * sockets.
 */
export function uninstall(): void;

/**
 * Leaves a server on node's sockets, from its next `listen` on.
 *
 * @throws TypeError with the code `ERR_INVALID_ARG_TYPE` for anything but a server of
 *   node:http
 */
export function useNode(server: Server): void;
