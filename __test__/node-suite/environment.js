'use strict';

/**
 * The names of the environment variables through which the runner configures
 * the preload, in the test and in every process below it.
 */
module.exports = {
  /** `rust-net`, or `node` for the reference figures, which swaps nothing. */
  SUBJECT: 'NET_SUITE_SUBJECT',
  /** The folder of the marks that prove that the swap took place. */
  MARKS: 'NET_SUITE_MARKS',
  /** The root of the suite, the folder above `test/`. */
  ROOT: 'NET_SUITE_ROOT',
  /** Set when the test imports net, which needs loader hooks. */
  ESM: 'NET_SUITE_ESM',
  /**
   * The main file under test if it is not this tree's, such as a packed
   * tarball's.
   */
  ENTRY: 'NET_SUITE_ENTRY',
  /**
   * Set when rust-net comes by rust-net/register, as programs load it, and not by the
   * runner's swap of net alone.
   */
  REGISTER: 'NET_SUITE_REGISTER',
  /** rust-net's own variable that puts node:http on its sockets under register. */
  HTTP: 'RUST_NET_HTTP',
  /** rust-net's own variable for its driver. */
  DRIVER: 'RUST_NET_DRIVER',
};
