'use strict';

// The switches in the environment: what is mistyped is said, once.

const assert = require('node:assert');
const { alone } = require('../helpers/both');
const { inProject, program } = require('../helpers/project');

const mistyped = {
  RUST_NET_BUSY_POLL: 'much',
  RUST_NET_COALESCE: 'no',
  RUST_NET_DRIVER: 'automobile',
  RUST_NET_OFFLOAD: '',
  RUST_NET_REGISTER: 'of',
  RUST_NET_RELAYS: '0',
};

const said = [
  'RUST_NET_BUSY_POLL=much',
  'RUST_NET_COALESCE=no',
  'RUST_NET_DRIVER=automobile',
  'RUST_NET_REGISTER=of',
  'RUST_NET_RELAYS',
];

const main = `
  const { Worker } = require('worker_threads');
  const warnings = [];
  process.on('warning', ({ code, message }) => {
    if (code === 'RUST_NET_SETTING') warnings.push(message.split(' ')[0]);
  });
  const net = require('rust-net');
  require('rust-net/handles');
  new net.Socket().destroy();
  const text = "process.on('warning', console.log); require('rust-net')";
  new Worker(text, { eval: true }).on('exit', () => {
    console.log(warnings.join('\\n'));
  });`;

for (const flags of [[], ['-r', 'rust-net/register']]) {
  alone(`what is mistyped is said once ${flags.join(' ')}`, async (net, t) => {
    const cwd = inProject(t, { 'main.js': main });
    const options = { flags: ['--no-warnings', ...flags], env: mistyped };
    const { lines } = await program(cwd, ['main.js'], options);
    assert.deepStrictEqual(lines, said);
  });
}

alone('rust-net/register says it where nobody asks for net', async (net, t) => {
  const text = `process.on('warning', ({ message }) => console.log(message))`;
  const { lines } = await program(inProject(t), ['-e', text], {
    flags: ['--no-warnings', '-r', 'rust-net/register'],
    env: { RUST_NET_REGISTER: 'of' },
  });
  assert.deepStrictEqual(lines, [
    'RUST_NET_REGISTER=of is invalid; it must be off or strict',
  ]);
});

alone('what is right is not spoken of', async (net, t) => {
  const env = {
    RUST_NET_BUSY_POLL: '1000',
    RUST_NET_COALESCE: '0',
    RUST_NET_DRIVER: 'threaded',
    RUST_NET_OFFLOAD: '1',
    RUST_NET_REGISTER: 'off',
    RUST_NET_RELAY: '0',
  };
  const cwd = inProject(t, { 'main.js': main });
  const { lines } = await program(cwd, ['main.js'], { env });
  assert.deepStrictEqual(lines, []);
});

alone('sockets load no worker_threads', async (net, t) => {
  const text = `
    const has = () =>
      process.moduleLoadList.includes('NativeModule worker_threads');
    const before = has();
    const net = require('rust-net');
    const server = net.createServer((socket) => socket.end());
    server.listen(0, () => {
      net.connect(server.address().port).resume().on('close', () => {
        server.close();
        console.log(before || !has());
      });
    });`;
  const { lines } = await program(inProject(t), ['-e', text]);
  assert.deepStrictEqual(lines, ['true']);
});
