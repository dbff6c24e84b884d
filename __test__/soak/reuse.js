'use strict';

// Counts the requests that fail because the server has closed the idle connection that
// the Agent uses again: with node:http on node's sockets and on rust-net's. The server
// is another process, and closes an idle connection after a random time.
//
// node __test__/soak/reuse.js [requests]

const { fork, spawnSync } = require('node:child_process');
const http = require('node:http');
const { once } = require('node:events');
const path = require('node:path');

const LONGEST_IDLE_MS = 4;
const WORKERS = 8;
const REGISTER = path.join(__dirname, '../../register.js');

/** Closes each connection that was idle for a random time. */
function serve() {
  const server = http.createServer((request, response) => {
    const { socket } = request;
    clearTimeout(socket.idle);
    response.end('answer', () => {
      const wait = Math.random() * LONGEST_IDLE_MS;
      socket.idle = setTimeout(() => socket.destroySoon(), wait);
    });
  });
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1', () => process.send(server.address().port));
  process.on('disconnect', () => process.exit());
}

/** Makes one request; returns 'ok', or the code of its error. */
async function ask(port, agent) {
  const request = http.get({ port, host: '127.0.0.1', agent });
  try {
    const [answer] = await once(request, 'response');
    answer.resume();
    await once(answer, 'end');
    return request.reusedSocket ? 'reused' : 'fresh';
  } catch (error) {
    return error.code;
  }
}

/** Blocks for a random time, as a program does that computes. */
function compute() {
  const end = performance.now() + Math.random();
  while (performance.now() < end);
}

/** Makes the requests, several at a time, and counts their outcomes. */
async function request(port, count) {
  const agent = new http.Agent({ keepAlive: true });
  const outcomes = {};
  let left = count;
  const work = async () => {
    while (left-- > 0) {
      const outcome = await ask(port, agent);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      const wait = Math.random() * LONGEST_IDLE_MS;
      await new Promise((resolve) => setTimeout(resolve, wait));
      compute();
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  agent.destroy();
  console.log(JSON.stringify(outcomes));
}

async function compare(count) {
  const server = fork(__filename, ['serve'], { execArgv: [] });
  const [port] = await once(server, 'message');
  for (const [name, flags] of [
    ['node:http', []],
    ['rust-net', ['-r', REGISTER]],
  ]) {
    const args = [...flags, __filename, 'request', port, count].map(String);
    const { stdout } = spawnSync(process.execPath, args, { encoding: 'utf8' });
    console.log(`${name.padEnd(9)} ${stdout.trim()}`);
  }
  server.disconnect();
}

const [role, ...numbers] = process.argv.slice(2);
if (role === 'serve') serve();
else if (role === 'request') request(...numbers.map(Number));
else compare(Number(role ?? 20_000));
