'use strict';

/*
 * express under `rust-net/register`, served by rust-net:
 *
 *   node -r rust-net/register examples/compat/express.js
 *
 * The first line does what the `-r` does. Exits with 1 on any deviation.
 */

require('../../register');

const assert = require('node:assert');
const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');
const path = require('node:path');
const common = require('./common');
const { ask, exercise, file, stream } = require('./http-jobs');
const { rustNet } = require('./swap');

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
  app.use('/static', express.static(path.dirname(file)));
  app.get('/fail', () => {
    throw new Error('on purpose');
  });
  return app;
}

/** A file as browsers ask for it: anew, unchanged, a part, one not there. */
async function statics(site, agent) {
  const url = `/static/${path.basename(file)}`;
  const bytes = fs.readFileSync(file);
  const get = (headers) => ask(site, agent, 'GET', url, undefined, headers);
  const whole = await get();
  assert.ok(whole.data.equals(bytes));
  const same = await get({ 'if-none-match': whole.response.headers.etag });
  assert.deepStrictEqual([same.status, same.data.length], [304, 0]);
  const part = await get({ range: 'bytes=10-19' });
  assert.strictEqual(part.status, 206);
  assert.ok(part.data.equals(bytes.subarray(10, 20)));
  const outside = await ask(site, agent, 'GET', '/static/../../package.json');
  assert.strictEqual(outside.status, 404);
}

async function registered() {
  assert.strictEqual(net, rustNet);
}

common.main((step) =>
  exercise(
    step,
    'express',
    async () =>
      http.createServer({ connectionsCheckingInterval: 20 }, createApp()),
    { registered, 'static files': statics },
  ),
);
