'use strict';

module.exports = require('./lib/net');
