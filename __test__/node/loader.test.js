'use strict';

// How rust-net's own files are loaded.

const assert = require('node:assert');
const path = require('node:path');
const { alone } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');

alone('node resolves no relative request of a socket', async (net, t) => {
  const text = `
    const Module = require('module');
    const path = require('path');
    const net = require('rust-net');
    const resolve = Module._resolveFilename;
    const asked = [];
    Module._resolveFilename = function (request) {
      asked.push(request);
      return resolve.apply(this, arguments);
    };
    new net.Socket().destroy();
    const files = asked.filter((it) => path.isAbsolute(it));
    console.log(files.length > 20, new Set(files).size === files.length);
    console.log(asked.filter((it) => it.startsWith('.')).length);`;
  const { lines } = await program(inProject(t), ['-e', text]);
  if (path.sep === '/') assert.deepStrictEqual(lines, ['true true', '0']);
});

alone('each file of rust-net is loaded once', async (net, t) => {
  const text = `
    const before = Object.keys(require.cache).length;
    const net = require('rust-net');
    new net.Socket().destroy();
    const first = net.Socket;
    const files = Object.keys(require.cache);
    const own = files.filter((it) => it.includes('handle'));
    for (const file of own) require(file);
    console.log(files.length > before + 40, own.length > 10);
    console.log(Object.keys(require.cache).length === files.length);
    console.log(require('rust-net').Socket === first);`;
  const { lines } = await program(inProject(t), ['-e', text]);
  assert.deepStrictEqual(lines, ['true true', 'true', 'true']);
});
