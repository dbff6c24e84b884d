'use strict';

/*
 * fastify under `rust-net/register`, served by rust-net:
 *
 *   node -r rust-net/register examples/compat/fastify.js
 *
 * The first line does what the `-r` does. Exits with 1 on any deviation.
 */

require('../../register');

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const common = require('./common');
const { exercise, file, stream } = require('./http-jobs');

const sumSchema = {
  body: {
    type: 'object',
    required: ['numbers'],
    properties: { numbers: { type: 'array', items: { type: 'number' } } },
  },
};

async function createServer() {
  const { fastify } = common.load('fastify');
  let server;
  const app = fastify({
    serverFactory: (handler) => {
      server = http.createServer({ connectionsCheckingInterval: 20 }, handler);
      return server;
    },
  });
  app.addContentTypeParser('application/octet-stream', (_, body, done) =>
    done(null, body),
  );
  app.get('/greet/:name', async ({ params }) => ({
    greeting: `hello ${params.name}`,
  }));
  app.post('/sum', { schema: sumSchema }, async ({ body }) => ({
    sum: body.numbers.reduce((a, b) => a + b),
  }));
  app.post('/digest', async ({ body }) => {
    const hash = crypto.createHash('sha256');
    for await (const chunk of body) hash.update(chunk);
    return hash.digest('hex');
  });
  app.get('/stream', async (_, reply) => reply.send(stream()));
  app.get('/file', async (_, reply) => reply.send(fs.createReadStream(file)));
  app.get('/fail', async () => {
    throw new Error('on purpose');
  });
  await app.ready();
  return server;
}

common.main((step) => exercise(step, 'fastify', createServer));
