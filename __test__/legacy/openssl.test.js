'use strict';

// STARTTLS by setSecure() of rust-net/legacy, against OpenSSL's own programs.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const { once } = require('node:events');
const nodeNet = require('node:net');
const { alone, subjects } = require('../helpers/both');
const { certificates } = require('../helpers/certificates');
const { bytesOf, destroyAfter } = require('../helpers/wire');
const net = require('../../legacy');

const made = subjects.includes('rust-net') ? certificates() : undefined;

/** OpenSSL's program in the folder of the certificates. */
function openssl(t, ...args) {
  const child = spawn('openssl', args, { cwd: made.cwd });
  t.after(() => child.kill());
  child.output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (child.output += text));
  }
  return child;
}

/** Waits until the program has said this. */
async function said(child, pattern) {
  while (!pattern.test(child.output)) {
    const ended = child.exitCode !== null;
    assert.ok(!ended, `it ended without ${pattern}: ${child.output}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return pattern.exec(child.output);
}

/** Calls back with every line. */
function byLine(stream, listener) {
  let rest = '';
  stream.on('data', (data) => {
    const lines = (rest + data).split(/\r?\n/);
    rest = lines.pop();
    lines.forEach((line) => listener(line));
  });
}

/** As much of a mail server as `openssl s_client -starttls smtp` wants. */
function mailServer(credentials, onSecure) {
  return net.createServer((stream) => {
    stream.setEncoding('ascii');
    stream.on('connect', () => stream.write('220 mail\r\n'));
    byLine(stream, (line) => {
      if (line.startsWith('EHLO')) stream.write('250-mail\r\n250 STARTTLS\r\n');
      else if (line === 'STARTTLS') {
        stream.write('220 ready\r\n');
        stream.setSecure(credentials);
      } else {
        stream.end(`${line.toUpperCase()}\n`);
      }
    });
    stream.on('secure', () => onSecure(stream));
  });
}

for (const version of ['-tls1_2', '-tls1_3']) {
  alone(`a server of ours, s_client ${version}`, async (_, t) => {
    let secure;
    const credentials = { ...made.server, ca: made.ca };
    const server = mailServer(credentials, (stream) => {
      secure = {
        verified: stream.verifyPeer(),
        name: stream.getPeerCertificate().subject.CN,
        version: stream.getCipher().version,
      };
    });
    server.listen(0, '127.0.0.1');
    t.after(() => server.close());
    await once(server, 'listening');
    const { port } = server.address();
    const client = openssl(
      t,
      ...['s_client', '-starttls', 'smtp', '-quiet', version],
      ...['-connect', `127.0.0.1:${port}`, '-verify_return_error'],
      ...['-CAfile', 'authority.pem', '-cert', 'client.pem'],
      ...['-key', 'client.key'],
    );
    client.stdin.write('said to the server\n');
    await once(client, 'close');
    assert.match(client.output, /SAID TO THE SERVER/);
    assert.strictEqual(client.exitCode, 0);
    assert.strictEqual(secure.verified, true);
    assert.strictEqual(secure.name, 'client');
    assert.match(secure.version, /^TLSv1/);
  });
}

/** `openssl s_server`, which turns every line round. */
async function reversing(t, ...options) {
  const server = openssl(
    t,
    ...['s_server', '-accept', '127.0.0.1:0', '-rev'],
    ...['-cert', 'server.pem', '-key', 'server.key', ...options],
  );
  const [, port] = await said(server, /ACCEPT \S+:(\d+)/);
  return Number(port);
}

async function exchange(stream, text) {
  stream.setEncoding('utf8');
  stream.write(`${text}\n`);
  let received = '';
  while (!received.includes('\n')) {
    received += (await once(stream, 'data'))[0];
  }
  return received.trimEnd();
}

for (const version of ['-tls1_2', '-tls1_3']) {
  alone(`a client of ours, s_server ${version}`, async (_, t) => {
    const authority = ['-Verify', '1', '-CAfile', 'authority.pem'];
    const port = await reversing(t, version, ...authority);
    const stream = destroyAfter(t, net.createConnection(port));
    stream.setSecure({ ...made.client, ca: made.ca });
    await once(stream, 'secure');
    assert.strictEqual(stream.verifyPeer(), true);
    assert.strictEqual(stream.getPeerCertificate().subject.CN, 'server');
    assert.strictEqual(await exchange(stream, 'abc'), 'cba');
    stream.end();
    await bytesOf(stream);
  });
}

/** A mail server's first lines; what follows goes to `port`. */
async function mailFront(t, port) {
  const front = nodeNet.createServer((stream) => {
    stream.write('220 mail\r\n');
    stream.once('data', (line) => {
      assert.strictEqual(`${line}`, 'STARTTLS\r\n');
      const behind = nodeNet.connect(port, '127.0.0.1');
      behind.on('error', () => {});
      stream.pipe(behind).pipe(stream);
      stream.write('220 ready\r\n');
    });
    stream.on('error', () => {});
  });
  front.listen(0, '127.0.0.1');
  t.after(() => front.close());
  await once(front, 'listening');
  return front.address().port;
}

alone('a client of ours, STARTTLS, s_server', async (_, t) => {
  const port = await mailFront(t, await reversing(t));
  const stream = destroyAfter(t, net.createConnection(port));
  const lines = [];
  byLine(stream, (line) => {
    lines.push(line);
    if (line.startsWith('220 mail')) stream.write('STARTTLS\r\n');
    if (line.startsWith('220 ready')) stream.setSecure({ ca: made.ca });
  });
  await once(stream, 'secure');
  assert.deepStrictEqual(lines, ['220 mail', '220 ready']);
  assert.strictEqual(stream.verifyPeer(), true);
  stream.removeAllListeners('data');
  assert.strictEqual(await exchange(stream, 'starttls'), 'slttrats');
  stream.end();
  await bytesOf(stream);
});
