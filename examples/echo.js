'use strict';

// The echo server and client of node's documentation, once on a TCP port and
// once on a Unix socket. Prints what was exchanged and exits by itself.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const net = require('..');

/**
 * Starts an echo server, talks to it once, and closes it.
 * @param {string} name the start of each printed line
 * @param {object} where a port or a path, as `listen` takes it
 */
function echo(name, where) {
  return new Promise((resolve, reject) => {
    const say = (text) => console.log(`${name.padEnd(4)} ${text}`);

    const server = net.createServer((c) => {
      say('server: client connected');
      c.on('end', () => say('server: client disconnected'));
      c.write('hello\r\n');
      c.pipe(c);
    });
    server.on('error', reject);
    server.on('close', resolve);

    server.listen(where, () => {
      const address = server.address();
      say(`server: listening on ${address.port ?? address}`);

      const options = address.port ? { port: address.port } : { path: address };
      const client = net.createConnection(options, () => {
        say('client: connected to server');
        client.write('world!\r\n');
      });
      client.on('error', reject);
      let received = '';
      client.setEncoding('utf8').on('data', (data) => {
        say(`client: received ${JSON.stringify(data)}`);
        received += data;
        if (received === 'hello\r\nworld!\r\n') client.end();
      });
      client.on('end', () => {
        say('client: disconnected from server');
        server.close();
      });
    });
  });
}

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-echo-'));
  try {
    await echo('tcp', { port: 0 });
    await echo('unix', { path: path.join(folder, 'echo.sock') });
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

main();
