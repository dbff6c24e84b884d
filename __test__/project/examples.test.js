'use strict';

// Every example, in a process of its own: it ends by itself and says what it is
// meant to say. `examples/compat` has tests of its own.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');
const { program } = require('../helpers/project');

const folder = path.resolve(__dirname, '../../examples');

/** What each prints; a pattern stands for what differs from run to run. */
const expected = {
  'chat.js': [
    '[Ada] welcome Ada, you are one of 1',
    '[Bob] welcome Bob, you are one of 2',
    '[Ada] * Bob is here',
    '[Ada] Bob: Good evening, Ada.',
    '[Bob] Ada: Good evening, Bob.',
    '[Ada] * Bob has left',
    'the chat is over',
  ],
  'cluster.js': [
    '1 port, 2 workers',
    'worker 1: 4 connections',
    'worker 2: 4 connections',
  ],
  // In how many pieces the answer comes is the kernel's affair.
  'echo.js': (lines) => {
    for (const name of ['tcp ', 'unix']) {
      const own = lines.filter((line) => line.startsWith(name));
      assert.match(own[0], /server: listening on /);
      const received = own.map((line) => /received "(.*)"$/.exec(line)?.[1]);
      assert.strictEqual(received.join(''), 'hello\\r\\nworld!\\r\\n');
      for (const said of [
        'server: client connected',
        'client: connected to server',
        'server: client disconnected',
        'client: disconnected from server',
      ]) {
        assert.ok(own.includes(`${name} ${said}`), `${name} ${said}`);
      }
    }
  },
  'express.js': [
    '200 {"page":"home","visits":1}',
    '200 {"page":"home","visits":2}',
    '200 {"page":"shop","visits":1}',
    'rust-net connected 4, accepted 4',
  ],
  'firewall.js': [
    '20002 rules',
    '11.0.0.1 blocked: true',
    '30.1.1.1 blocked: false',
    '192.0.2.1 blocked: false',
    'from 127.0.0.1: welcome',
    ...(process.platform === 'linux'
      ? ['from 127.0.0.2: nothing', 'dropped: 1']
      : []),
    'to 127.0.0.2: ERR_IP_BLOCKED',
  ],
  'http.js': [
    '{"method":"GET","url":"/first"}',
    '{"method":"GET","url":"/second"}',
    'accepted 1, connected 1',
  ],
  'proxy.js': [
    'through the proxy: 1 bytes, 1000 bytes, 5000000 bytes',
    'without a target: ECONNRESET',
  ],
  'snippets.js': Array(14).fill(/^ok /),
  'tls.js': [
    'TLSv1.2: in secret',
    'plain: go ahead',
    'TLSv1.2: in secret from here on',
  ],
  'workers.js': [
    '32 of 32 echoes are right',
    '2 threads accepted 32 connections',
  ],
};

test('every example has a test', () => {
  const found = fs.readdirSync(folder).filter((name) => name.endsWith('.js'));
  assert.deepStrictEqual(found.sort(), Object.keys(expected).sort());
});

for (const [name, wanted] of Object.entries(expected)) {
  test(`examples/${name}`, { timeout: 30_000 }, async () => {
    const { lines } = await program(folder, [name]);
    if (typeof wanted === 'function') {
      wanted(lines);
      return;
    }
    assert.strictEqual(lines.length, wanted.length, lines.join('\n'));
    lines.forEach((line, i) => {
      if (typeof wanted[i] === 'string') assert.strictEqual(line, wanted[i]);
      else assert.match(line, wanted[i]);
    });
  });
}
