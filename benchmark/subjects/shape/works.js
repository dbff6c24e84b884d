'use strict';

const exchange = require('./exchange');
const ready = require('./ready');
const stream = require('./stream');
const visit = require('./visit');

/** The kinds of work. Each has a `Listener` and a `Connector`. */
const works = { exchange, ready, stream, visit };

module.exports = { works };
