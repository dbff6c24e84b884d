/**
 * Loading this module replaces `net` and `node:net` by rust-net in the program, its
 * dependencies and its workers. Node's own modules keep node's net; with
 * `RUST_NET_HTTP=1` node:http and the built-in fetch get rust-net's sockets. Where
 * rust-net cannot be loaded, it warns once and node's net stays; with
 * `RUST_NET_REGISTER=strict` it throws.
 */
export {};
