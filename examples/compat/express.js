'use strict';

/*
 * express under `rust-net/register`, served by rust-net:
 *
 *   node -r rust-net/register examples/compat/express.js
 *
 * The first line does what the `-r` does. Exits with 1 on any deviation.
 */

require('../../register');

const crypto = require('node:crypto');
const http = require('node:http');
const common = require('./common');
const { exercise, file, stream } = require('./http-jobs');

function createApp() {
  const express = common.load('express');
  const app = express();
  app.set('env', 'test');
  app.get('/greet/:name', (request, response) =>
    response.json({ greeting: `hello ${request.params.name}` }),
  );
  app.post('/sum', express.json(), (request, response) =>
    response.json({ sum: request.body.numbers.reduce((a, b) => a + b) }),
  );
  app.post('/digest', (request, response, next) => {
    const hash = crypto.createHash('sha256');
    request.on('data', (chunk) => hash.update(chunk)).on('error', next);
    request.on('end', () => response.send(hash.digest('hex')));
  });
  app.get('/stream', (_, response) => void stream().pipe(response));
  app.get('/file', (_, response) => response.sendFile(file));
  app.get('/fail', () => {
    throw new Error('on purpose');
  });
  return app;
}

common.main((step) =>
  exercise(step, 'express', async () =>
    http.createServer({ connectionsCheckingInterval: 20 }, createApp()),
  ),
);
