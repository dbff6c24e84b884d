'use strict';

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('../helpers/both');
const {
  bytesOf,
  connected,
  listening,
  take,
  transports,
} = require('../helpers/wire');

for (const [name, where] of transports) {
  both(`${name}: what is written comes back in order`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => c.pipe(c));
    const client = await connected(net, t, server);
    let sent = '';
    for (let i = 0; i < 500; i++) {
      sent += `message ${i}\n`;
      client.write(`message ${i}\n`);
    }
    client.end();
    assert.strictEqual(String(await bytesOf(client)), sent);
  });

  both(`${name}: ping-pong, one message a turn`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => c.pipe(c));
    const client = await connected(net, t, server);
    for (let i = 0; i < 200; i++) {
      client.write(`${i}`.padStart(8));
      assert.strictEqual(Number(await take(client, 8)), i);
    }
  });

  both(`${name}: 64 connections do not mix`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => c.pipe(c));
    const talk = async (id) => {
      const client = await connected(net, t, server);
      for (let i = 0; i < 20; i++) {
        const message = Buffer.alloc(64, `${id}/${i} `);
        client.write(message);
        assert.deepStrictEqual(await take(client, 64), message);
      }
      client.end();
      await once(client, 'close');
    };
    await Promise.all(Array.from({ length: 64 }, (_, id) => talk(id)));
  });

  both(`${name}: written before connect arrives first`, async (net, t) => {
    const server = await listening(net, t, where(t), {}, (c) => c.pipe(c));
    const address = server.address();
    const client = net.connect(address.port ?? address);
    t.after(() => client.destroy());
    const order = [];
    assert.strictEqual(client.connecting, true);
    client.write('one ', () => order.push('one written'));
    client.write(Buffer.from('two '), () => order.push('two written'));
    client.on('connect', () => order.push('connect'));
    client.end('three', () => order.push('finish'));
    assert.strictEqual(String(await bytesOf(client)), 'one two three');
    assert.deepStrictEqual(order, [
      // The queue's own listener for 'connect' was there before this one.
      'one written',
      'connect',
      'two written',
      'finish',
    ]);
  });
}

both('a client of one module on a server of the other', async (net, t) => {
  const node = require('node:net');
  for (const [a, b] of [
    [net, node],
    [node, net],
  ]) {
    const server = await listening(a, t, { port: 0 }, {}, (c) => c.pipe(c));
    const client = await connected(b, t, server);
    client.end('over there');
    assert.strictEqual(String(await bytesOf(client)), 'over there');
  }
});

both('data of a closed connection never reaches the next', async (net, t) => {
  const server = await listening(net, t, undefined, {}, (c) => {
    // Writes on after the client has gone, so that bytes are in flight.
    c.on('error', () => {});
    c.on('data', (data) => {
      for (let i = 0; i < 50; i++) c.write(data);
    });
  });
  for (let i = 0; i < 100; i++) {
    const client = await connected(net, t, server);
    const mark = String(i).padStart(4);
    client.write(mark);
    const reply = await take(client, 4);
    assert.match(String(reply), new RegExp(`^(${mark})+$`));
    client.destroy();
  }
});
