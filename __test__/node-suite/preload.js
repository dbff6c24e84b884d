'use strict';

/**
 * Loaded with `-r`, by way of NODE_OPTIONS, into every process and worker of a
 * test: puts rust-net where net is asked for, and supplies what a suite newer
 * than the running Node takes for granted. Node's internals keep their own net.
 */

const names = require('./environment.js');

require('./preload/call-sites.js').supply();
if (process.env[names.SUBJECT] === 'rust-net') {
  // Children first: what the swap loads may start some.
  require('./preload/children.js').install();
  require('./preload/swap.js').install();
  if (process.env[names.ESM]) require('./preload/esm.js').install();
}
