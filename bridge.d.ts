import { Socket as NodeSocket } from 'node:net';
import { Server, Socket } from './index';

/**
 * Moves a connection to a socket of node's. The given one is destroyed; the new
 * one has not begun to read.
 */
export function toNode(socket: Socket): NodeSocket;

/**
 * Moves a connection to a socket of rust-net's. The given one is destroyed; the
 * new one has not begun to read.
 */
export function fromNode(socket: NodeSocket): Socket;

/**
 * What stands for a detached Socket or Server: a plain object that
 * `postMessage` and `workerData` clone. It is good for one `attach`, in any
 * thread of the process that made it.
 */
export interface Ticket<T extends Socket | Server> {
  /** Which of the two it stands for. */
  readonly type: T extends Server ? 'net.Server' : 'net.Socket';
  /** Its name in this process. */
  readonly id: string;
  /** What had been read and not consumed. */
  readonly received: Uint8Array | null;
  /** What the new object is made with. */
  readonly options: object;
}

/**
 * Takes the connection, or the listening TCP socket, away from its object. A
 * Socket is destroyed, a Server no longer listens and emits no 'close'.
 *
 * Throws ERR_WORKER_HANDLE_NOT_TRANSFERABLE for a Socket that is not connected,
 * has data to send, has an encoding or has ended on either side, and for a
 * Server that does not listen on TCP.
 *
 * The descriptor stays open until the ticket is attached or discarded.
 */
export function detach(server: Server): Ticket<Server>;
/** As for a Server. */
export function detach(socket: Socket): Ticket<Socket>;

/**
 * The Socket, which has not begun to read, or the Server, which emits
 * 'listening'. Throws ERR_INVALID_STATE for a ticket that was used before.
 */
export function attach(ticket: Ticket<Server>): Server;
/** As for a Server. */
export function attach(ticket: Ticket<Socket>): Socket;

/** Closes what was never attached; says whether there was something. */
export function discard(ticket: Ticket<Socket> | Ticket<Server>): boolean;
