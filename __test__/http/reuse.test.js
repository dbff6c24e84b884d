'use strict';

// The race between a server that closes an idle connection and an Agent that uses it
// for the next request. The end has arrived, and the event waits.

const assert = require('node:assert');
const http = require('node:http');
const { once } = require('node:events');
const { Worker } = require('node:worker_threads');
const { alone } = require('../helpers/both');
const ours = require('../../http');

// A server in a thread of its own, which closes its connections on demand.
const source = `
  const { parentPort } = require('node:worker_threads');
  const http = require('node:http');
  const server = http.createServer((request, response) => response.end('answer'));
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => {
    parentPort.postMessage(server.address().port);
  });
  parentPort.on('message', (flag) => {
    server.closeIdleConnections();
    // Closed when this thread has run its close callbacks.
    setImmediate(() => setImmediate(() => {
      Atomics.store(flag, 0, 1);
      Atomics.notify(flag, 0);
    }));
  });`;

async function threadedServer(t) {
  const worker = new Worker(source, { eval: true });
  t.after(() => worker.terminate());
  const [port] = await once(worker, 'message');
  return { worker, port };
}

/** Blocks until the server has closed its idle connections. */
function closeIdle(worker) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  worker.postMessage(flag);
  assert.notStrictEqual(Atomics.wait(flag, 0, 0, 10_000), 'timed-out');
}

async function ask(options) {
  const request = http.get({ host: '127.0.0.1', ...options });
  const [answer] = await once(request, 'response');
  answer.setEncoding('utf8');
  let text = '';
  answer.on('data', (data) => (text += data));
  await once(answer, 'end');
  // The Agent takes the socket back in a later tick.
  await new Promise(setImmediate);
  return { text, isReused: request.reusedSocket };
}

for (const scheduling of ['lifo', 'fifo']) {
  alone(`${scheduling}: an ended socket is not used again`, async (net, t) => {
    ours.install();
    t.after(() => ours.uninstall());
    const { worker, port } = await threadedServer(t);
    const agent = new http.Agent({ keepAlive: true, scheduling });
    t.after(() => agent.destroy());
    await Promise.all([1, 2, 3].map(() => ask({ port, agent })));
    const reused = await ask({ port, agent });
    assert.deepStrictEqual(reused, { text: 'answer', isReused: true });
    const [name] = Object.keys(agent.freeSockets);
    assert.strictEqual(agent.freeSockets[name].length, 3);

    const { idleDropped } = net.getStats().http;
    closeIdle(worker);
    // No event was delivered since: the Agent still has all of them.
    assert.strictEqual(agent.freeSockets[name].length, 3);
    const fresh = await ask({ port, agent });
    assert.deepStrictEqual(fresh, { text: 'answer', isReused: false });
    assert.strictEqual(agent.freeSockets[name].length, 1);
    assert.strictEqual(agent.totalSocketCount, 1);
    assert.strictEqual(net.getStats().http.idleDropped, idleDropped + 3);
  });
}

alone('requests that wait for a socket get one', async (net, t) => {
  ours.install();
  t.after(() => ours.uninstall());
  const { worker, port } = await threadedServer(t);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  await ask({ port, agent });
  closeIdle(worker);
  const all = await Promise.all([1, 2, 3].map(() => ask({ port, agent })));
  assert.deepStrictEqual(
    all.map(({ text }) => text),
    ['answer', 'answer', 'answer'],
  );
});
