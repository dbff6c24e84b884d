/**
 * Loading this module hands rust-net out wherever the program, its dependencies
 * and its workers ask for `net` or `node:net`. Node's own modules keep node's.
 */
export {};
