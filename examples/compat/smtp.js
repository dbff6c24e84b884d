'use strict';

/*
 * nodemailer against smtp-server, both on rust-net (both want Node 20):
 *
 *   node examples/compat/smtp.js
 *
 * Exits with 1 on any deviation.
 */

const assert = require('node:assert');
const { once } = require('node:events');
const common = require('./common');
const { rustNet } = require('./swap');

const MEGABYTE = 1024 * 1024;
const host = '127.0.0.1';
const auth = { user: 'someone', pass: 'something' };

function receive(stream, session, callback, mails) {
  const chunks = [];
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('end', () => {
    mails.push({ text: `${Buffer.concat(chunks)}`, secure: session.secure });
    callback();
  });
}

async function startServer(options) {
  const { SMTPServer } = common.load('smtp-server');
  const mails = [];
  const smtp = new SMTPServer({
    authOptional: true,
    ...options,
    onAuth({ username, password }, _, callback) {
      const isKnown = username === auth.user && password === auth.pass;
      callback(isKnown ? null : new Error('who?'), { user: username });
    },
    onData: (stream, session, callback) =>
      receive(stream, session, callback, mails),
  });
  smtp.on('error', () => {});
  // Its own server is made of the net that it was given.
  assert.strictEqual(smtp.server.constructor, rustNet.Server);
  smtp.listen(0, host);
  await once(smtp.server, 'listening');
  const stop = () => new Promise((resolve) => smtp.close(resolve));
  return { port: smtp.server.address().port, mails, stop };
}

function transport({ port }, options) {
  const { createTransport } = common.load('nodemailer');
  return createTransport({ host, port, ...options });
}

const letter = (rest) => ({
  from: 'a@example.org',
  to: 'b@example.org',
  subject: 'A letter',
  ...rest,
});

async function plain(server) {
  const sender = transport(server, { ignoreTLS: true });
  await sender.sendMail(letter({ text: 'Dear B,' }));
  const { text, secure } = server.mails.pop();
  assert.match(text, /Subject: A letter[^]*Dear B,/);
  assert.strictEqual(secure, false);
}

async function startTls(server) {
  const tls = { rejectUnauthorized: false };
  const sender = transport(server, { requireTLS: true, tls, auth });
  await sender.sendMail(letter({ text: 'between us' }));
  const { text, secure } = server.mails.pop();
  assert.match(text, /between us/);
  assert.strictEqual(secure, true);
}

async function attachment(server) {
  const sender = transport(server, { ignoreTLS: true });
  const bytes = common.randomBytes(8 * MEGABYTE);
  const attachments = [{ filename: 'data.bin', content: bytes }];
  await sender.sendMail(letter({ text: 'see below', attachments }));
  const { text } = server.mails.pop();
  const [, coded] = /data\.bin\r\n(?:.+\r\n)*\r\n([^-]+)/.exec(text);
  const back = Buffer.from(coded, 'base64');
  assert.strictEqual(common.sha256(back), common.sha256(bytes));
  return '8 MB, SHA-256 equal';
}

async function pool(server) {
  const count = 200;
  const sender = transport(server, {
    ignoreTLS: true,
    pool: true,
    maxConnections: 10,
  });
  await Promise.all(
    Array.from({ length: count }, (_, i) =>
      sender.sendMail(letter({ text: `number ${i}` })),
    ),
  );
  sender.close();
  assert.strictEqual(server.mails.splice(0).length, count);
  return `${count} letters over 10 connections`;
}

async function wrongPassword(server) {
  const sender = transport(server, {
    tls: { rejectUnauthorized: false },
    auth: { ...auth, pass: 'a guess' },
  });
  await assert.rejects(sender.sendMail(letter({ text: 'x' })), {
    code: 'EAUTH',
    responseCode: 535,
  });
}

async function refused() {
  const sender = transport({ port: await common.freePort() }, {});
  const sent = sender.sendMail(letter({ text: 'x' }));
  await assert.rejects(sent, { code: 'ESOCKET', syscall: 'connect' });
}

common.main(async (step) => {
  const server = await startServer(common.credentials());
  await step('smtp, plain', () => plain(server));
  await step('smtp, STARTTLS', () => startTls(server));
  await step('smtp, attachment', () => attachment(server));
  await step('smtp, pool', () => pool(server));
  await step('smtp, wrong password', () => wrongPassword(server));
  await step('smtp, refused', refused);
  await step('smtp, stop', () => server.stop());
});
