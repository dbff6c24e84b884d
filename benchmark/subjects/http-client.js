'use strict';

/*
 * An http client under test: `node http-client.js MODULE agent|fetch --port P
 * --connections N --size B`. It keeps so many requests under way, by an Agent that keeps
 * connections alive or by `fetch`, to the native server, and checks each body.
 */

const http = require('node:http');
const { parseArgs } = require('node:util');

const { control } = require('./control');
const { takeHttp } = require('./take-http');
const { timed } = require('./timed');

/** Returns one answer's body, asked for by an Agent. */
function askAgent(agent, { port }) {
  return new Promise((resolve, reject) => {
    const request = http.get({ port, host: '127.0.0.1', agent }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    request.on('error', reject);
  });
}

/** @type {Record<string, (given: any) => () => Promise<Buffer>>} */
const ways = {
  agent(given) {
    const { connections: maxSockets } = given;
    const agent = new http.Agent({ keepAlive: true, maxSockets });
    return () => askAgent(agent, given);
  },
  fetch({ port }) {
    const url = `http://127.0.0.1:${port}/`;
    return async () => {
      const response = await fetch(url);
      return Buffer.from(await response.arrayBuffer());
    };
  },
};

/** Asks until the time is up; returns how many answers came, and their times. */
async function askUntil(end, ask, expected, times) {
  for (let count = 1; ; count++) {
    const start = performance.now();
    const body = await ask();
    if (!body.equals(expected)) throw new Error('wrong body');
    const now = performance.now();
    times.push(now - start);
    if (now >= end) return count;
  }
}

function run(seconds, ask, { connections, expected }) {
  const end = performance.now() + seconds * 1000;
  const lane = (times) => askUntil(end, ask, expected, times);
  return timed((times) =>
    Promise.all(Array.from({ length: connections }, () => lane(times))),
  );
}

function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string' },
      connections: { type: 'string', default: '64' },
      size: { type: 'string', default: '12' },
    },
  });
  const [moduleId, way] = positionals;
  takeHttp(moduleId);
  const given = {
    port: Number(values.port),
    connections: Number(values.connections),
    expected: Buffer.alloc(Number(values.size), 'x'),
  };
  const ask = ways[way](given);
  control({ ready: true }, { run: (seconds) => run(seconds, ask, given) });
}

main();
