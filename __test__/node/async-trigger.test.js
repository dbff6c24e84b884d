'use strict';

// Which resource has triggered which, as async_hooks sees it.

const { createHook } = require('node:async_hooks');
const { once } = require('node:events');
const { same } = require('../helpers/both');
const { listening, transports } = require('../helpers/wire');

/**
 * Records resources by their ids. What a tick has started counts as started by
 * what triggered the tick.
 */
function record(t) {
  const resources = new Map();
  const hook = createHook({
    init: (id, type, trigger) => resources.set(id, { type, trigger }),
  }).enable();
  t.after(() => hook.disable());
  const triggerOf = ({ trigger }) => {
    const by = resources.get(trigger);
    return by && by.type === 'TickObject' ? triggerOf(by) : by;
  };
  return (wanted) =>
    [...resources.values()]
      .filter(({ type }) => wanted.test(type))
      .map((one) => `${one.type} by ${(triggerOf(one) ?? {}).type}`)
      .sort();
}

for (const [name, where] of transports) {
  same(
    `${name}: what server, client and requests are triggered by`,
    async (net, t) => {
      const seen = record(t);
      const server = await listening(net, t, where(t));
      const address = server.address();
      const accepted = once(server, 'connection');
      const client = net.connect(address.port ?? address);
      const [peer] = await accepted;
      peer.resume();
      client.resume().end('bye');
      await Promise.all([once(client, 'close'), once(peer, 'close')]);
      // Whether a write is completed at once is the kernel's business.
      return seen(/^(TCP|PIPE|SHUTDOWN)/);
    },
  );
}

same('what a listener of "listening" starts', async (net, t) => {
  const seen = record(t);
  const server = net.createServer((c) => c.end());
  const done = new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      const client = net.connect({ port, host: 'localhost', family: 4 });
      client.resume().on('close', resolve).on('error', resolve);
    }),
  );
  t.after(() => server.close());
  await done;
  return seen(/^(TCP|GETADDRINFO)/);
});
