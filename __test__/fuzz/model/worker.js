'use strict';

/*
 * A child process that plays programs over one module, one after the other:
 *
 *   node worker.js node:net|FOLDER
 *
 * rust-net's settings are in its environment. Programs arrive as messages.
 */

const path = require('node:path');

const { play } = require('./play');

/**
 * Returns a function that reads the code that `onread` receives, from the
 * module's memory.
 */
function codeReader({ streamBaseState, kReadBytesOrError }) {
  return () => streamBaseState[kReadBytesOrError];
}

function subjectOf(name) {
  if (name === 'node:net') {
    // This is the only access to the codes of node's handles.
    const binding = process.binding('stream_wrap');
    return { net: require('node:net'), codeOf: codeReader(binding) };
  }
  const net = require(name);
  return {
    net,
    bridge: require(path.join(name, 'bridge.js')),
    codeOf: codeReader(require(path.join(name, 'lib/handle/stream-state.js'))),
  };
}

/** Opens a first socket, which loads and opens what all need. */
function warmUp(net) {
  return new Promise((resolve) => {
    const server = net.createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.resume().on('close', () => server.close(resolve));
    });
  });
}

async function main() {
  const subject = subjectOf(process.argv[2]);
  await warmUp(subject.net);
  await new Promise(setImmediate);
  process.on('disconnect', () => process.exit());
  process.on('message', async ({ program, how }) => {
    const start = performance.now();
    const record = await play(program, subject, how);
    process.send({ record, ms: performance.now() - start });
  });
  process.send({ major: parseInt(process.versions.node) });
}

main();
