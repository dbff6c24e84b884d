'use strict';

/*
 * `node -r rust-net/register app.js`, `node --import rust-net/register app.mjs`:
 * gives rust-net to the program and its dependencies wherever they load net.
 * Node's own modules (http, tls) keep node's.
 */

require('./lib/register/install').install();
