/**
 * Loading this module replaces `net` and `node:net` by rust-net in the program, its
 * dependencies and its workers. Node's own modules keep node's net.
 */
export {};
