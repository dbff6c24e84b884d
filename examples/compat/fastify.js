'use strict';

/*
 * fastify under `rust-net/register`, served by rust-net:
 *
 *   node -r rust-net/register examples/compat/fastify.js
 *
 * The first line does what the `-r` does. Exits with 1 on any deviation.
 */

require('../../register');

const assert = require('node:assert');
const crypto = require('node:crypto');
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const http = require('node:http');
const common = require('./common');
const { ask, exercise, file, stream, talk } = require('./http-jobs');

const sumSchema = {
  body: {
    type: 'object',
    required: ['numbers'],
    properties: { numbers: { type: 'array', items: { type: 'number' } } },
  },
};

const seenSchema = {
  response: {
    200: {
      type: 'object',
      properties: { seen: { type: 'array', items: { type: 'string' } } },
    },
  },
};

/** In the order in which fastify calls them. */
const beforeHandler = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
];
const afterHandler = ['preSerialization', 'onSend', 'onResponse'];

/** What hooks say to the checks below. */
const told = new EventEmitter();

/** A part of the application, with hooks of its own. */
async function hooked(part) {
  part.decorateRequest('seen', null);
  part.addHook('onRequest', async (request, reply) => {
    request.seen = [];
    if (request.headers['x-key'] === 'wrong') {
      await reply.code(401).send({ error: 'wrong key' });
    }
  });
  for (const name of [...beforeHandler, ...afterHandler]) {
    part.addHook(name, async (request) => void request.seen.push(name));
  }
  part.addHook('onResponse', async ({ seen }) => told.emit('response', seen));
  part.addHook('onRequestAbort', async ({ url }) => told.emit('abort', url));
  part.get('/seen', { schema: seenSchema }, async ({ seen }) => ({
    seen: [...seen],
    secret: 'not in the schema',
  }));
  part.get('/never', () => {
    told.emit('waiting');
    return new Promise(() => {});
  });
}

let app;

async function createServer() {
  const { fastify } = common.load('fastify');
  let server;
  app = fastify({
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
  app.register(hooked);
  app.addHook('onClose', async () => told.emit('close'));
  await app.ready();
  return server;
}

async function hooks(site, agent) {
  const responded = once(told, 'response');
  const { data } = await ask(site, agent, 'GET', '/seen');
  assert.deepStrictEqual(JSON.parse(String(data)), { seen: beforeHandler });
  const [seen] = await responded;
  assert.deepStrictEqual(seen, [...beforeHandler, ...afterHandler]);
  const key = { 'x-key': 'wrong' };
  const denied = await ask(site, agent, 'GET', '/seen', undefined, key);
  assert.strictEqual(denied.status, 401);
  assert.deepStrictEqual(JSON.parse(String(denied.data)), {
    error: 'wrong key',
  });
}

async function schema(site, agent) {
  const json = { 'content-type': 'application/json' };
  for (const body of ['{}', '{"numbers":["one"]}', '[]']) {
    const answer = await ask(site, agent, 'POST', '/sum', body, json);
    assert.strictEqual(answer.status, 400);
    const { code } = JSON.parse(String(answer.data));
    assert.strictEqual(code, 'FST_ERR_VALIDATION');
  }
}

/** A visitor who does not wait for the answer. */
async function aborted(site) {
  const client = talk(site);
  const [waiting, abort] = [once(told, 'waiting'), once(told, 'abort')];
  client.write('GET /never HTTP/1.1\r\nHost: x\r\n\r\n');
  await waiting;
  client.destroy();
  assert.deepStrictEqual(await abort, ['/never']);
}

/** On connections that stay, an application that is closing says so. */
async function closing(site, agent) {
  const close = once(told, 'close');
  await app.close();
  await close;
  const { status, request } = await ask(site, agent, 'GET', '/greet/you');
  assert.deepStrictEqual([status, request.reusedSocket], [503, true]);
}

common.main((step) =>
  exercise(step, 'fastify', createServer, {
    hooks,
    schema,
    'a request aborted': aborted,
    closing,
  }),
);
