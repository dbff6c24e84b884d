'use strict';

/*
 * `node -r rust-net/register app.js`, `node --import rust-net/register app.mjs`:
 * rust-net wherever the program and its dependencies ask for net. Node's own
 * modules (http, tls) keep node's.
 */

require('./lib/register/install').install();
