'use strict';

// Which handles keep the process alive, as they say themselves.

const assert = require('node:assert');
const { once } = require('node:events');
const { both } = require('./helpers/both');
const { pair } = require('./helpers/wire');

both('a handle says whether it is referenced', async (net, t) => {
  const { client } = await pair(net, t);
  const { _handle: handle } = client;
  const seen = [handle.hasRef()];
  client.unref();
  seen.push(handle.hasRef());
  client.ref();
  seen.push(handle.hasRef());
  client.destroy();
  await once(client, 'close');
  seen.push(handle.hasRef());
  assert.deepStrictEqual(seen, [true, false, true, false]);
});

both('a handle may be unreferenced before it connects', async (net, t) => {
  const { server, client } = await pair(net, t);
  const other = new net.Socket();
  t.after(() => other.destroy());
  other.unref();
  other.connect(server.address().port, '127.0.0.1');
  await once(other, 'connect');
  assert.strictEqual(other._handle.hasRef(), false);
  assert.strictEqual(client._handle.hasRef(), true);
});
