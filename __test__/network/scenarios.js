'use strict';

// What is played over a bad network. Each scenario returns what it has measured.

const path = require('node:path');

const { Link } = require('./link');

const modules = {
  'node:net': 'node:net',
  'rust-net': path.resolve(__dirname, '../..'),
};

/** By name: what is done to the families. */
const races = {
  'IPv6 300 ms': ['6 delay=300'],
  'IPv6 black hole': ['6 hole=1'],
  'IPv6 loses half': ['6 loss=0.5'],
  'IPv6 400 ms, IPv4 300 ms': ['6 delay=400', '4 delay=300'],
  'IPv6 300 ms, IPv4 black hole': ['6 delay=300', '4 hole=1'],
};
const LIMIT = 5000;

async function withLink(options, play) {
  const link = await Link.start(options);
  try {
    return await play(link);
  } finally {
    await link.stop();
  }
}

async function raceOf(link, port, net, autoSelectFamily) {
  const job = { role: 'race', net, port, autoSelectFamily, limit: LIMIT };
  const client = link.play('a', job);
  const result = await client.report();
  // It ends by itself: nothing is left open.
  result.ended = (await client.next()) === undefined;
  return result;
}

async function raceOfCurl(link, port) {
  const client = link.run('a', 'curl', [
    ...['-s', '-o', '/dev/null', '-m', `${LIMIT / 1000}`],
    ...['--resolve', `host:${port}:[fd77::2],10.77.0.2`],
    ...['-w', '%{time_connect}\\n', `http://host:${port}/`],
  ]);
  const seconds = Number(await client.next());
  return { ms: seconds > 0 ? seconds * 1000 : null };
}

/** Connects over a network that treats the families differently. */
function race(name, { seed = 1, curl = false } = {}) {
  return withLink({ seed }, async (link) => {
    const server = link.play('b', { role: 'hello', net: modules['node:net'] });
    const port = await server.report();
    for (const change of races[name]) await link.tell(`set ab ${change}`);
    return {
      'rust-net, parallel': await raceOf(
        link,
        port,
        modules['rust-net'],
        'parallel',
      ),
      'rust-net': await raceOf(link, port, modules['rust-net'], true),
      'node:net': await raceOf(link, port, modules['node:net'], true),
      ...(curl && { curl: await raceOfCurl(link, port) }),
    };
  });
}

const vanishings = {
  'userTimeout 1.5 s': { options: { userTimeout: 1500 }, writes: true },
  'no userTimeout': { writes: true },
  'keep-alive 1 s + 2 * 1 s': {
    keepAlive: { enable: true, initialDelay: 1000, interval: 1000, count: 2 },
  },
  'no keep-alive': {},
};

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits for the error of each socket whose peer has vanished, for so long at most.
 */
function vanish(limit = 8000) {
  return withLink({}, async (link) => {
    const net = modules['rust-net'];
    const server = link.play('b', { role: 'silent', net });
    const port = await server.report();
    const clients = {};
    for (const [name, job] of Object.entries(vanishings)) {
      clients[name] = link.play('a', { role: 'wait', net, port, ...job });
      await clients[name].report();
    }
    await link.tell('set both all hole=1');
    for (const client of Object.values(clients)) client.say('go');
    const results = {};
    const waits = Object.entries(clients).map(async ([name, client]) => {
      const none = later(limit).then(() => ({ code: null }));
      results[name] = await Promise.race([client.report(), none]);
      if (results[name].code) results[name].closed = await client.next();
    });
    await Promise.all(waits);
    return results;
  });
}

const BAD = 'delay=25 jitter=10 loss=0.05 reorder=0.02 duplicate=0.01';

/**
 * Sends bytes both ways at once over a network that loses, delays, reorders and
 * duplicates, and is unplugged for a second.
 */
function bulk(name, { bytes = 16 << 20, seed = 1, host = '10.77.0.2' } = {}) {
  // Large packets: a transfer over a network that loses so much is limited by their
  // number.
  return withLink({ seed, mtu: 32_000 }, async (link) => {
    const net = modules[name];
    await link.tell(`set both all ${BAD}`);
    const server = link.play('b', { role: 'serve', net, bytes, marks: true });
    const port = await server.report();
    const client = link.play('a', { role: 'fetch', net, bytes, port, host });
    await server.report();
    await link.tell('carrier off');
    await later(1000);
    await link.tell('carrier on');
    const results = await Promise.all([client.report(), server.report()]);
    const ended = await Promise.all([client.next(), server.next()]);
    const counts = JSON.parse(await link.tell('counts'));
    return { results, ended, counts };
  });
}

/** Lets the peer vanish in the middle of a transfer. */
function vanishInBulk(name, { bytes = 16 << 20, seed = 1 } = {}) {
  return withLink({ seed, mtu: 32_000 }, async (link) => {
    const net = modules[name];
    await link.tell(`set both all ${BAD}`);
    const server = link.play('b', { role: 'serve', net, bytes, marks: true });
    const port = await server.report();
    const options = { userTimeout: 2000 };
    const host = '10.77.0.2';
    const job = { role: 'fetch', net, bytes, port, host, options };
    const client = link.play('a', job);
    await server.report();
    // First the network, so that no FIN leaves.
    await link.tell('set both all hole=1');
    await server.end();
    const start = performance.now();
    const error = await client.report();
    const ms = performance.now() - start;
    const close = await client.report();
    return { error, close, ms, ended: await client.next() };
  });
}

module.exports = { bulk, race, races, vanish, vanishInBulk, vanishings };
