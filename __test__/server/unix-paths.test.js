'use strict';

// What becomes of the path of a Unix-domain socket, by options that node does not
// have. A pipe of Windows has no path that could stay.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const fs = require('node:fs');
const path = require('node:path');
const { Worker } = require('node:worker_threads');
const { alone, idOf } = require('../helpers/both');
const {
  closed,
  errorFields,
  folder,
  listening,
  whereIs,
} = require('../helpers/wire');

const isWindows = process.platform === 'win32';
const onUnix = (name, fn) => isWindows || alone(name, fn);

const inFolder = (t) => path.join(folder(t), 'socket');
const isThere = (file) => fs.existsSync(file);

async function closeOf(server) {
  server.close();
  await once(server, 'close');
}

/** Leaves a socket behind, as a process does that is killed. */
async function leaveBehind(net, t) {
  const file = inFolder(t);
  const where = { path: file, unlinkOnClose: false };
  await closeOf(await listening(net, t, where));
  assert.ok(fs.lstatSync(file).isSocket());
  return file;
}

/** The error with which a server does not listen. */
async function failureOf(net, where) {
  const server = net.createServer().listen(where);
  const [error] = await once(server, 'error');
  return error;
}

onUnix('by default the path goes with the server', async (net, t) => {
  const file = inFolder(t);
  for (const unlinkOnClose of [undefined, true]) {
    const server = await listening(net, t, { path: file, unlinkOnClose });
    assert.ok(isThere(file));
    await closeOf(server);
    assert.ok(!isThere(file));
  }
});

onUnix('it stays, with its permissions', async (net, t) => {
  const file = inFolder(t);
  const where = { path: file, unlinkOnClose: false, writableAll: true };
  const server = await listening(net, t, where);
  assert.strictEqual(fs.statSync(file).mode & 0o222, 0o222);
  await closeOf(server);
  assert.ok(fs.lstatSync(file).isSocket());
  const error = await failureOf(net, { path: file });
  assert.deepStrictEqual(errorFields(error), {
    class: 'Error',
    name: 'Error',
    message: `listen EADDRINUSE: address already in use ${file}`,
    keys: ['code', 'errno', 'syscall', 'address', 'port'],
    code: 'EADDRINUSE',
    errno: error.errno,
    syscall: 'listen',
    address: file,
    port: -1,
  });
});

onUnix('what was left behind is replaced', async (net, t) => {
  const file = await leaveBehind(net, t);
  const server = await listening(net, t, { path: file, unlinkStale: true });
  const client = net.connect(whereIs(server));
  const [socket] = await once(server, 'connection');
  socket.end();
  await closed(client.resume());
  assert.deepStrictEqual(fs.readdirSync(path.dirname(file)), ['socket']);
  await closeOf(server);
  assert.ok(!isThere(file));
});

onUnix('nothing need be there', async (net, t) => {
  const where = { path: inFolder(t), unlinkStale: true };
  await closeOf(await listening(net, t, where));
});

onUnix('who answers keeps the path', async (net, t) => {
  const file = inFolder(t);
  const server = await listening(net, t, { path: file });
  const asked = once(server, 'connection');
  const error = await failureOf(net, { path: file, unlinkStale: true });
  assert.strictEqual(error.code, 'EADDRINUSE');
  const [socket] = await asked;
  await closed(socket.resume());
  const again = once(server, 'connection');
  net.connect(file, function () {
    this.destroy();
  });
  await again;
});

onUnix('what is no socket stays', async (net, t) => {
  const file = inFolder(t);
  fs.writeFileSync(file, 'text');
  const error = await failureOf(net, { path: file, unlinkStale: true });
  assert.strictEqual(error.code, 'EADDRINUSE');
  assert.strictEqual(fs.readFileSync(file, 'utf8'), 'text');
  fs.unlinkSync(file);
  fs.mkdirSync(file);
  const another = await failureOf(net, { path: file, unlinkStale: true });
  assert.strictEqual(another.code, 'EADDRINUSE');
  assert.ok(fs.statSync(file).isDirectory());
});

onUnix('a process that is killed leaves one behind', async (net, t) => {
  const file = inFolder(t);
  const program = `
    require(${JSON.stringify(idOf(net))}).createServer()
      .listen(${JSON.stringify(file)}, () => console.log('listening'));`;
  const child = spawn(process.execPath, ['-e', program]);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  assert.ok(isThere(file));
  await closeOf(await listening(net, t, { path: file, unlinkStale: true }));
});

onUnix('of many at once one gets it', async (net, t) => {
  const file = await leaveBehind(net, t);
  const program = `
    const { parentPort } = require('worker_threads');
    const net = require(${JSON.stringify(idOf(net))});
    const server = net.createServer();
    server.on('error', ({ code }) => parentPort.postMessage(code));
    parentPort.once('message', () => server.close());
    server.listen({ path: ${JSON.stringify(file)}, unlinkStale: true }, () =>
      parentPort.postMessage('listening'));`;
  const workers = [1, 2, 3, 4].map(() => new Worker(program, { eval: true }));
  const outcomes = await Promise.all(
    workers.map(async (worker) => (await once(worker, 'message'))[0]),
  );
  const refused = Array(3).fill('EADDRINUSE');
  assert.deepStrictEqual(outcomes.sort(), [...refused, 'listening']);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

alone('both options are booleans', (net) => {
  for (const name of ['unlinkOnClose', 'unlinkStale']) {
    for (const value of [null, 0, 'yes']) {
      const listen = () =>
        net.createServer().listen({ path: '/nowhere/at/all', [name]: value });
      assert.throws(listen, (error) => {
        const { keys, code, message } = errorFields(error);
        assert.ok(error instanceof TypeError);
        assert.deepStrictEqual(keys, ['code']);
        assert.strictEqual(code, 'ERR_INVALID_ARG_TYPE');
        const start = `The "options.${name}" property must be of type boolean. Received `;
        assert.ok(message.startsWith(start), message);
        return true;
      });
    }
  }
});
