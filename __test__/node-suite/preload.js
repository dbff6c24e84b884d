'use strict';

/**
 * Loaded with `-r`, by way of NODE_OPTIONS, into every process and worker of a
 * test: puts rust-net where net is asked for, supplies what a suite newer than
 * the running Node takes for granted, and hides what an older one stumbles over.
 * Node's internals keep their own net.
 */

const names = require('./environment.js');

require('./preload/call-sites.js').supply();
require('./preload/web-globals.js').hide();
if (process.env[names.SUBJECT] === 'rust-net') {
  // Children first: what the swap loads may start some.
  require('./preload/children.js').install();
  require('./preload/swap.js').install();
  if (process.env[names.ESM]) require('./preload/esm.js').install();
}
