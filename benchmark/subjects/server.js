'use strict';

/*
 * A server under test: `node server.js MODULE KIND [--path PATH] [--size N]
 * [--upstream PORT]`. With `--beat true` a timer also runs, and `usage` reports
 * how late it was. With `--follow true` it reports how long connections live.
 */

const { parseArgs } = require('node:util');

const { startBeat } = require('./beat');
const { control, cpu } = require('./control');
const { follow } = require('./lives');
const { servers } = require('./servers');
const { takeHttp } = require('./take-http');

// More than are opened at once; often the kernel's own limit.
const BACKLOG = 4096;

/** Tolerates a reset, by which the load may end; throws any other error. */
function onError(error) {
  if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') throw error;
}

function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      path: { type: 'string' },
      size: { type: 'string', default: '64' },
      work: { type: 'string', default: '0' },
      upstream: { type: 'string', default: '0' },
      beat: { type: 'string' },
      follow: { type: 'string' },
    },
  });
  const [moduleId, kind] = positionals;
  const server = servers[kind](require(moduleId), {
    takeHttp: () => takeHttp(moduleId),
    size: Number(values.size),
    work: Number(values.work),
    upstream: Number(values.upstream),
  });
  const late = values.beat ? startBeat() : () => undefined;
  const lives = values.follow ? follow(server) : () => undefined;
  let connections = 0;
  server.on('connection', (socket) => {
    connections++;
    socket.on('error', onError);
  });
  const where = values.path
    ? { path: values.path }
    : { port: 0, host: '127.0.0.1' };
  server.listen({ ...where, backlog: BACKLOG }, () => {
    const port = values.path ? 0 : server.address().port;
    control(
      { port },
      {
        usage: () => ({
          cpu: cpu(),
          connections,
          late: late(),
          lives: lives(),
        }),
      },
    );
  });
}

main();
