'use strict';

/*
 * `node -r rust-net/register app.js`, `node --import rust-net/register app.mjs`:
 * gives rust-net to the program and its dependencies wherever they load net.
 * Node's own modules (http, tls) keep node's. Where rust-net cannot be loaded, all
 * keep node's.
 */

const hostError = require('./lib/common/host').findHostError();
if (hostError === undefined) {
  const { loadOwn } = require('./lib/node/loader');
  loadOwn(() => require('./lib/register/install')).install();
} else if (!require('./lib/common/settings').isRegisterOff()) {
  require('./lib/register/availability').reportUnavailable(hostError);
}
