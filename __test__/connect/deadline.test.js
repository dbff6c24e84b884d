'use strict';

// The option `connectTimeout`, which node does not have. Its error is the one that a
// connect of node's has when the kernel gives up.

const assert = require('node:assert');
const { once } = require('node:events');
const { setTimeout: sleep } = require('node:timers/promises');
const { alone } = require('../helpers/both');
const { fullPort } = require('../helpers/full-port');
const {
  closed,
  destroyAfter,
  errorFields,
  freeName,
  listening,
  nextIteration,
  recorded,
  whereIs,
} = require('../helpers/wire');

const names = [
  'lookup',
  'connectionAttempt',
  'connectionAttemptFailed',
  'connectionAttemptTimeout',
  'connect',
  'timeout',
  'error',
  'close',
];
const host = '127.0.0.1';
const { ETIMEDOUT } = require('node:os').constants.errno;

/** What `connect ETIMEDOUT` looks like. */
function expectedError(address, port) {
  const where = port === undefined ? address : `${address}:${port}`;
  return {
    class: 'Error',
    name: 'Error',
    message: `connect ETIMEDOUT ${where}`,
    keys: ['errno', 'code', 'syscall', 'address', ...(port ? ['port'] : [])],
    errno: -ETIMEDOUT,
    code: 'ETIMEDOUT',
    syscall: 'connect',
    address,
    ...(port && { port }),
  };
}

async function failure(net, t, options) {
  const socket = destroyAfter(t, net.connect(options));
  const events = recorded(socket, names);
  const closing = closed(socket);
  const [error] = await once(socket, 'error');
  await closing;
  return { error, events, socket };
}

alone('the look-up takes too long', async (net, t) => {
  // The limit does not keep the process running; the listener does.
  await listening(net, t);
  let answer;
  const lookup = (name, options, callback) => (answer = callback);
  const { error, events, socket } = await failure(net, t, {
    host: 'slow.invalid',
    port: '80',
    lookup,
    // Without it a late answer is a 'lookup' of its own, as in node.
    autoSelectFamily: true,
    connectTimeout: 20,
  });
  assert.deepStrictEqual(errorFields(error), expectedError('slow.invalid', 80));
  answer(null, [{ address: host, family: 4 }]);
  assert.deepStrictEqual(events, ['error ETIMEDOUT', 'close true']);
  assert.strictEqual(socket.connecting, false);
});

alone('a connect takes too long', async (net, t) => {
  const port = await fullPort(t);
  const options = { host, port, connectTimeout: 20 };
  const { error, events } = await failure(net, t, options);
  assert.deepStrictEqual(errorFields(error), expectedError(host, port));
  assert.deepStrictEqual(events, [
    'connectionAttempt',
    'connectionAttemptFailed',
    'error ETIMEDOUT',
    'close true',
  ]);
});

alone('the error has the local address', async (net, t) => {
  const port = await fullPort(t);
  const bound = new net.BoundSocket({ host });
  const localPort = bound.address().port;
  bound.close();
  const { error } = await failure(net, t, {
    host,
    port,
    localAddress: host,
    localPort,
    connectTimeout: 20,
  });
  assert.strictEqual(
    error.message,
    `connect ETIMEDOUT ${host}:${port} - Local (${host}:${localPort})`,
  );
  assert.strictEqual(error.localPort, localPort);
});

const two = (name, options, callback) =>
  setImmediate(callback, null, [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]);

alone('every attempt of a race takes too long', async (net, t) => {
  const port = await fullPort(t);
  const { error, events, socket } = await failure(net, t, {
    host: 'two.invalid',
    port,
    lookup: two,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 10,
    connectTimeout: 100,
  });
  assert.deepStrictEqual(errorFields(error), expectedError('127.0.0.2', port));
  assert.deepStrictEqual(events, [
    'lookup',
    'lookup',
    'connectionAttempt',
    'connectionAttemptTimeout',
    'connectionAttempt',
    'error ETIMEDOUT',
    'connectionAttemptFailed',
    'close true',
  ]);
  assert.strictEqual(socket.autoSelectFamilyAttemptedAddresses.length, 2);
});

alone('the first attempt of a race takes too long', async (net, t) => {
  const port = await fullPort(t);
  const { error, events } = await failure(net, t, {
    host: 'two.invalid',
    port,
    lookup: two,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: 60,
    connectTimeout: 20,
  });
  assert.deepStrictEqual(errorFields(error), expectedError('127.0.0.1', port));
  // Longer than the attempt: no timer of the race is left.
  await sleep(80);
  assert.deepStrictEqual(events.slice(2), [
    'connectionAttempt',
    'error ETIMEDOUT',
    'connectionAttemptFailed',
    'close true',
  ]);
});

alone('a path', async (net, t) => {
  const path = freeName(t);
  await listening(net, t, { path });
  await nextIteration();
  const failed = failure(net, t, { path, connectTimeout: 1 });
  // Now timers run before the outcome of the connect is looked for.
  const end = Date.now() + 10;
  while (Date.now() < end);
  const { error } = await failed;
  assert.deepStrictEqual(errorFields(error), expectedError(path));
});

alone('it ends with the connect', async (net, t) => {
  const server = await listening(net, t);
  const options = { ...whereIs(server), connectTimeout: 500 };
  const socket = destroyAfter(t, net.connect(options));
  const events = recorded(socket, ['connect', 'error', 'close']);
  const lost = destroyAfter(t, net.connect(options));
  lost.destroy();
  await sleep(600);
  assert.deepStrictEqual(events, ['connect']);
  assert.strictEqual(lost.errored, null);
});

alone('none: 0 and undefined', async (net, t) => {
  const port = await fullPort(t);
  for (const connectTimeout of [0, undefined]) {
    const socket = net.connect({ host, port, connectTimeout });
    destroyAfter(t, socket).on('error', assert.fail);
  }
  await sleep(30);
});

alone('a socket may connect again after it', async (net, t) => {
  const server = await listening(net, t);
  const port = await fullPort(t);
  const { socket } = await failure(net, t, { host, port, connectTimeout: 20 });
  socket.connect({ ...whereIs(server), connectTimeout: 10_000 });
  await once(socket, 'connect');
});

alone(
  'a listener of the failed attempt destroys the socket',
  async (net, t) => {
    const port = await fullPort(t);
    const socket = net.connect({ host, port, connectTimeout: 20 });
    destroyAfter(t, socket).on('error', assert.fail);
    const events = recorded(socket, names);
    socket.on('connectionAttemptFailed', () => socket.destroy());
    await once(socket, 'close');
    assert.deepStrictEqual(events.slice(1), [
      'connectionAttemptFailed',
      'close false',
    ]);
  },
);

alone('what is no duration', (net) => {
  const target = { port: 1, host };
  for (const [connectTimeout, code, message] of [
    [
      '1',
      'ERR_INVALID_ARG_TYPE',
      'The "options.connectTimeout" property must be of type number. ' +
        "Received type string ('1')",
    ],
    [
      -1,
      'ERR_OUT_OF_RANGE',
      'The value of "options.connectTimeout" is out of range. It must be ' +
        'a non-negative finite number. Received -1',
    ],
    [
      Infinity,
      'ERR_OUT_OF_RANGE',
      'The value of "options.connectTimeout" is out of range. It must be ' +
        'a non-negative finite number. Received Infinity',
    ],
  ]) {
    const socket = new net.Socket();
    const connect = () => socket.connect({ ...target, connectTimeout });
    assert.throws(connect, { code, message });
    assert.strictEqual(socket.connecting, false);
  }
  const none = () => net.connect({ ...target, connectTimeout: null });
  assert.throws(none, { code: 'ERR_INVALID_ARG_TYPE' });
});

alone('other options are invalid', async (net, t) => {
  const socket = destroyAfter(t, new net.Socket());
  socket.on('error', assert.fail);
  const options = { port: 1, host: 'name.invalid', connectTimeout: 10 };
  for (const wrong of [{ family: 5 }, { lookup: 1 }, { port: -1 }]) {
    assert.throws(() => socket.connect({ ...options, ...wrong }));
  }
  await sleep(30);
});
