import { Socket as NodeSocket } from 'node:net';
import { Server, Socket } from './index';

/**
 * Moves a connection to one of node's sockets. Destroys the given socket; the new
 * one has not started to read.
 */
export function toNode(socket: Socket): NodeSocket;

/**
 * Moves a connection to one of rust-net's sockets. Destroys the given socket; the
 * new one has not started to read.
 */
export function fromNode(socket: NodeSocket): Socket;

/**
 * Represents a detached Socket or Server: a plain object that `postMessage` and
 * `workerData` clone. It is valid for one `attach`, in any thread of the process
 * that created it.
 */
export interface TransferToken<T extends Socket | Server> {
  /** The class of the detached object. */
  readonly type: T extends Server ? 'net.Server' : 'net.Socket';
  /** The name of the descriptor in this process. */
  readonly id: string;
  /** Bytes that were read and not consumed. */
  readonly received: Uint8Array | null;
  /** The options of the new object. */
  readonly options: object;
}

/**
 * Takes the connection, or the listening TCP socket, away from its object. A
 * Socket is destroyed; a Server no longer listens and emits no 'close'.
 *
 * Throws ERR_WORKER_HANDLE_NOT_TRANSFERABLE for a Socket that is not connected,
 * has data to send, has an encoding or has ended on either side, and for a
 * Server that does not listen on TCP.
 *
 * The descriptor stays open until the token is attached or discarded.
 */
export function detach(server: Server): TransferToken<Server>;
/** As for a Server. */
export function detach(socket: Socket): TransferToken<Socket>;

/**
 * Returns the Socket, which has not started to read, or the Server, which emits
 * 'listening'. Throws ERR_INVALID_STATE for a token that was used before.
 */
export function attach(token: TransferToken<Server>): Server;
/** As for a Server. */
export function attach(token: TransferToken<Socket>): Socket;

/** Closes the descriptor of an unused token; returns true if there was one. */
export function discard(
  token: TransferToken<Socket> | TransferToken<Server>,
): boolean;
