'use strict';

// Started by scripts/asan.js: makes the addon write to memory that it must not
// touch. The memory is its ring of events, to which its own instrumented code
// writes.

const path = require('node:path');
const root = path.resolve(__dirname, '../..');
const { poison } = require(process.argv[2]);
const { ring } = require(path.join(root, 'lib/handle/native'));
const { tcp_wrap } = require(path.join(root, 'handles'));

const handle = new tcp_wrap.TCP(tcp_wrap.constants.SOCKET);
poison(ring);
handle.close();
