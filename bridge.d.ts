import { Socket as NodeSocket } from 'node:net';
import { Socket } from './index';

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
