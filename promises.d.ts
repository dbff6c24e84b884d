/// <reference types="node" />

import {
  NetConnectOpts,
  ListenOptions as ServerListenOptions,
  Server,
  ServerOpts,
  Socket,
} from './index';

export { BlockList, SocketAddress, isIP, isIPv4, isIPv6 } from './index';

/** What can end a wait before its time. */
export interface Abortable {
  /** Rejects the promise when it is aborted. */
  signal?: AbortSignal | undefined;
}

/** Where to connect to, and the Socket's options. */
export type ConnectOptions = NetConnectOpts & Abortable;

/** Options of the Server, and of its `listen()`. */
export interface ListenOptions extends ServerOpts, ServerListenOptions {
  /** A listener for 'connection'. */
  connectionListener?: ((socket: Socket) => void) | undefined;
  /** A descriptor to listen on. */
  fd?: number | undefined;
  /** Rejects the promise when it is aborted, and later on closes the server. */
  signal?: AbortSignal | undefined;
}

/**
 * Fulfills with a socket once it is connected. Rejects when that fails or `signal`
 * is aborted, and destroys the socket.
 */
export function connect(options: ConnectOptions): Promise<Socket>;
export function connect(port: number, host?: string): Promise<Socket>;
export function connect(path: string): Promise<Socket>;

/**
 * Creates a server, and fulfills with it once it listens; on any free port if the
 * options name no place. Rejects when that fails or `signal` is aborted, and closes
 * the server.
 */
export function listen(options?: ListenOptions): Promise<Server>;
