'use strict';

const { codes } = require('./errors');
const { isOwnInstance } = require('./instance-of');
const { Server } = require('./server');
const { Socket } = require('./socket');
const { environmentStats, serverStats, socketStats } = require('./stats');

const { ERR_INVALID_ARG_TYPE } = codes;

/**
 * `net.getStats`: what has been counted since the thread loaded rust-net, or
 * since the socket or server was made.
 *
 * @param {any} [target] a Socket or Server of rust-net
 * @returns {object} see docs/api.md
 */
function getStats(target) {
  if (target === undefined) return environmentStats();
  if (isOwnInstance(Socket, target)) return socketStats(target);
  if (isOwnInstance(Server, target)) return serverStats(target);
  throw new ERR_INVALID_ARG_TYPE('target', ['Socket', 'Server'], target);
}

module.exports = { getStats };
