'use strict';

// TLS over rust-net's sockets, from the first byte and after plain text
// (STARTTLS). Both sides share a key, so the example needs no certificates. With
// certificates, pass `key`, `cert` and `ca` instead.

const { once } = require('node:events');
const tls = require('node:tls');
const net = require('..');

const psk = Buffer.from('a key that both sides know');
const shared = { ciphers: 'PSK', maxVersion: /** @type {any} */ ('TLSv1.2') };
const serverSide = { ...shared, pskCallback: () => psk };
const clientSide = {
  ...shared,
  pskCallback: () => ({ psk, identity: 'example' }),
  // Without a certificate there is no host name to check.
  checkServerIdentity: () => undefined,
};

/** Returns the next text that arrives. */
async function heard(socket) {
  const [text] = await once(socket, 'data');
  return String(text);
}

async function fromTheStart() {
  const secure = tls.createServer(serverSide, (socket) => socket.pipe(socket));
  const server = net.createServer((socket) =>
    secure.emit('connection', socket),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const socket = net.connect(server.address().port, '127.0.0.1');
  const client = tls.connect({ socket, ...clientSide });
  await once(client, 'secureConnect');
  client.write('in secret');
  console.log(`${client.getProtocol()}: ${await heard(client)}`);
  client.end();
  await once(client, 'close');
  server.close();
}

async function afterPlainText() {
  const server = net.createServer(async (socket) => {
    await heard(socket);
    socket.write('go ahead');
    const options = { isServer: true, ...serverSide };
    const secure = new tls.TLSSocket(socket, options);
    secure.pipe(secure);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.write('STARTTLS');
  console.log(`plain: ${await heard(socket)}`);
  const client = tls.connect({ socket, ...clientSide });
  await once(client, 'secureConnect');
  client.write('in secret from here on');
  console.log(`${client.getProtocol()}: ${await heard(client)}`);
  client.end();
  await once(client, 'close');
  server.close();
}

fromTheStart().then(afterPlainText);
