/**
 * Loading this module replaces `net` and `node:net` by rust-net in the program, its
 * dependencies and its workers. Node's own modules keep node's net. Where rust-net cannot
 * be loaded, it warns once and node's net stays; with `RUST_NET_REGISTER=strict` it throws.
 */
export {};
