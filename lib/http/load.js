'use strict';

/*
 * Loads on first use what a program under register may never need.
 */

const { loadOwn } = require('../node/loader');

/** Returns node:http. */
const loadHttp = () => loadOwn(() => require('node:http'));

/** Returns rust-net's sockets and servers. */
const loadSockets = () => loadOwn(() => require('../net')).loadSockets();

module.exports = { loadHttp, loadSockets };
