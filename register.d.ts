/**
 * Loading this module replaces `net` and `node:net` by rust-net in the program, its
 * dependencies and its workers. node:http and the built-in fetch get rust-net's sockets,
 * unless `RUST_NET_HTTP=0` is set; https, tls and http2 keep node's. Where
 * rust-net cannot be loaded, it warns once and node's net stays; with
 * `RUST_NET_REGISTER=strict` it throws.
 */
export {};
