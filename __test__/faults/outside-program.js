'use strict';

// An echo with a few clients. It prints 'done', or 'told' with the errors;
// outside.js judges any other exit.

const net = require(
  process.env.FAULTS_SUBJECT === 'node:net' ? 'node:net' : '../..',
);

const errors = [];
let open = 3;
process.on('exit', () => {
  process._rawDebug(errors.join(', '));
  const isDone = open === 0 && errors.length === 0;
  require('node:fs').writeSync(
    1,
    isDone ? 'done' : errors.length ? 'told' : '',
  );
});

const told = (error) => errors.push(error.code ?? error.message);
process.on('uncaughtException', (error) => {
  told(error);
  process.exit(1);
});

const server = net.createServer((peer) => {
  peer.on('error', told);
  peer.pipe(peer);
});
server.on('error', told);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  for (let i = 0; i < 3; i++) {
    const client = net.connect({ port, host: '127.0.0.1' });
    let text = '';
    client.setEncoding('latin1');
    client.on('data', (chunk) => (text += chunk));
    client.on('error', told);
    client.on('close', () => {
      if (text !== 'hello' && errors.length === 0) errors.push(`got ${text}`);
      open -= 1;
      if (open === 0) server.close();
    });
    client.end('hello');
  }
});
