'use strict';

/*
 * What `import 'net'` resolves to. Node reads the export names from this text: they
 * are those of the last `module.exports = require(...)`.
 */

const nodeNet = require('../node/net');
const { findNet } = require('./find-net');

if (findNet() === undefined) module.exports = nodeNet;
else module.exports = require('../../index');
