'use strict';

// An http server on rust-net's sockets: node:http parses, rust-net moves the bytes. The
// http server does not listen itself.

const { once } = require('node:events');
const http = require('node:http');
const net = require('..');

const app = http.createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ method: request.method, url: request.url }));
});

/** Sends requests through a keep-alive agent, also on rust-net's sockets. */
const agent = new http.Agent({ keepAlive: true });
agent.createConnection = (options) => net.connect(options);

async function ask(port, path) {
  const request = http.get({ port, path, agent, host: '127.0.0.1' });
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return body;
}

async function main() {
  const server = net.createServer((socket) => app.emit('connection', socket));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // Makes http enforce its time limits, as if it listened itself.
  app.emit('listening');

  const { port } = server.address();
  console.log(await ask(port, '/first'));
  console.log(await ask(port, '/second'));
  const { accepted, connected } = net.getStats();
  console.log(`accepted ${accepted}, connected ${connected}`);

  agent.destroy();
  app.close();
  server.close();
}

main();
