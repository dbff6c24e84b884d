'use strict';

// rust-net with an unchanged express application. This does the same as
// `node -r rust-net/register app.js`: express and its http use rust-net's sockets, too.
// Code that requires net itself, here the client of a store, gets rust-net.

require('../register');

const { once } = require('node:events');
const http = require('node:http');
const net = require('..');
const { createApp } = require('./express/app');
const { createStore } = require('./express/store');

async function get(port, path) {
  const request = http.get({ port, path, host: '127.0.0.1', agent: false });
  const [response] = await once(request, 'response');
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return `${response.statusCode} ${body}`;
}

async function main() {
  const store = createStore();
  await once(store.listen(0, '127.0.0.1'), 'listening');
  const app = createApp(store.address());
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const { port } = server.address();
  console.log(await get(port, '/visits/home'));
  console.log(await get(port, '/visits/home'));
  console.log(await get(port, '/visits/shop'));
  const { connected, accepted } = net.getStats();
  console.log(`rust-net connected ${connected}, accepted ${accepted}`);

  app.locals.store.close();
  server.close();
  store.close();
}

main();
