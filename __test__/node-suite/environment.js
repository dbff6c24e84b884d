'use strict';

/**
 * The names of the environment variables by which the runner speaks to the
 * preload, in the test and in every process below it.
 */
module.exports = {
  /** `rust-net`, or `node` for the reference figures: then nothing is swapped. */
  SUBJECT: 'NET_SUITE_SUBJECT',
  /** The folder for the marks which prove that the swap was in force. */
  MARKS: 'NET_SUITE_MARKS',
  /** The root of the suite, the folder above `test/`. */
  ROOT: 'NET_SUITE_ROOT',
  /** Set when the test asks for net with `import`: loader hooks are needed. */
  ESM: 'NET_SUITE_ESM',
  /** The main file under test, when it is not this tree's: a packed tarball's. */
  ENTRY: 'NET_SUITE_ENTRY',
  /** rust-net's own choice of driver. */
  DRIVER: 'RUST_NET_DRIVER',
};
