'use strict';

/**
 * Loaded with `-r`, through NODE_OPTIONS, into every process and worker of a
 * test. It replaces net with rust-net, supplies what a newer suite expects of
 * the running Node, and hides what an older suite cannot handle. Node's
 * internals keep their own net.
 */

const names = require('./environment.js');

require('./preload/call-sites.js').supply();
require('./preload/web-globals.js').hide();
const isSwapped = process.env[names.SUBJECT] === 'rust-net';
if (isSwapped && process.env[names.REGISTER]) {
  require('./preload/register.js').install();
} else if (isSwapped) {
  // Children first: the modules that the swap loads may start some.
  require('./preload/children.js').install();
  require('./preload/swap.js').install();
  if (process.env[names.ESM]) require('./preload/esm.js').install();
}
