'use strict';

// Tests of the rule engine, and of its absence from published binaries.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const test = require('node:test');

const { candidates } = require('../../lib/handle/binary');
const { faultsBinary } = require('./engine');
const { calls } = require('./outcomes');
const { reasonForNoTrace, traced } = require('./strace');

const binary = faultsBinary();
const built = binary ? undefined : 'not built: npm run build:faults';

/**
 * Strings that only the engine contains: names of calls, functions and symbols.
 */
const words = ['setFaultRules', 'struckCalls', 'splice-out', '__wrap_recv'];
const wordsIn = (file) => {
  const bytes = fs.readFileSync(file);
  return words.filter((word) => bytes.includes(word));
};

test('what is published has nothing of the engine', () => {
  const [{ file }] = candidates();
  assert.notStrictEqual(file, binary);
  assert.ok(fs.readFileSync(file).includes('verbNames'));
  assert.deepStrictEqual(wordsIn(file), []);
  const binding = require(file);
  const names = Object.keys(binding).filter((name) =>
    /fault|struck/i.test(name),
  );
  assert.deepStrictEqual(names, []);
});

test('the build for the sweep has all of it', { skip: built }, () => {
  assert.deepStrictEqual(wordsIn(binary), words);
});

// The engine's names of calls, by system call.
const names = {
  recvfrom: ['recv'],
  recvmsg: ['recv'],
  sendto: ['send'],
  sendmsg: ['send'],
  splice: ['splice-in', 'splice-out'],
  // It also duplicates descriptors.
  fcntl: ['fcntl', 'dup'],
};

/** Calls on sockets that are never failed, with the reason. */
const never = {
  fstat: 'tells what a number is; a failure of it is a bad number',
  newfstatat: 'as fstat',
  poll: 'asks for room; after a failure of it the next write is tried',
};

test(
  'every call on a socket can be failed',
  { skip: built ?? reasonForNoTrace(), timeout: 240_000 },
  async () => {
    // Both ends are rust-net's, so each call is the addon's.
    const job = { far: 'rust-net', most: 0 };
    const ran = await traced(
      ['-y', '-e', 'trace=%desc,%network'],
      [path.join(__dirname, 'child.js')],
      {
        env: { RUST_NET_BINARY: binary, FAULTS_JOB: JSON.stringify(job) },
        limit: 200_000,
      },
    );
    assert.deepStrictEqual(
      { code: ran.code, stderr: ran.stderr, isLate: ran.isLate },
      { code: 0, stderr: '', isLate: false },
    );
    const seen = new Set();
    for (const line of ran.trace.split('\n')) {
      const [, call, rest] = /^\d+ +(\w+)\((.*)/.exec(line) ?? [];
      const isSocket = /<(socket|TCP|UNIX)/.test(rest) || /^socket/.test(call);
      if (isSocket) seen.add(call);
    }
    const isKnown = (call) =>
      (names[call] ?? [call]).every((name) => calls.includes(name)) ||
      Object.hasOwn(never, call);
    assert.ok(
      seen.has('recvfrom') && seen.has('accept4') && seen.has('splice'),
    );
    assert.deepStrictEqual(
      [...seen].filter((call) => !isKnown(call)),
      [],
    );
  },
);
