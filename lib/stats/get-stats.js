'use strict';

const { codes } = require('../common/errors');
const { validateBoolean } = require('../common/validators');
const { listensHere } = require('../node/http-server');
const { isOwnInstance } = require('../node/instance-of');
const { Server } = require('../server/server');
const { Socket } = require('../socket/socket');
const { listOpen } = require('./open-list');
const { environmentStats, serverStats, socketStats } = require('./stats');

const { ERR_INVALID_ARG_TYPE } = codes;

/**
 * True for the options of `getStats`.
 *
 * @param {unknown} target
 */
const isOptions = (target) =>
  typeof target === 'object' && target !== null && 'sockets' in target;

/**
 * Returns the counters of this thread, or of one socket or server.
 *
 * @param {any} target undefined, a Socket or Server of rust-net, or options:
 *   `{ sockets: true }` adds the list of what is open
 * @returns {object} see docs/api.md
 * @throws {Error} ERR_INVALID_ARG_TYPE for anything else
 */
function getStats(target) {
  if (target === undefined) return environmentStats();
  if (isOwnInstance(Socket, target)) return socketStats(target);
  if (isOwnInstance(Server, target) || listensHere(target)) {
    return serverStats(target);
  }
  if (isOptions(target)) {
    validateBoolean(target.sockets, 'options.sockets');
    const stats = environmentStats();
    return target.sockets ? { ...stats, open: listOpen() } : stats;
  }
  throw new ERR_INVALID_ARG_TYPE('target', ['Socket', 'Server'], target);
}

module.exports = { getStats };
