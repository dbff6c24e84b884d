'use strict';

/*
 * An echo server. Prints its port, then for each line of stdin how many connections
 * are open and the memory that it uses.
 */

const net = require(JSON.parse(process.argv[2]).module);

let open = 0;
const server = net.createServer((socket) => {
  open++;
  socket.on('error', () => {}).on('close', () => open--);
  socket.on('data', (bytes) => socket.write(bytes));
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () =>
  console.log(server.address().port),
);
process.stdin.on('data', () => {
  const { user, system } = process.cpuUsage();
  const cpu = Math.round((user + system) / 1000);
  console.log(JSON.stringify({ open, rss: process.memoryUsage.rss(), cpu }));
});
process.stdin.on('end', () => process.exit());
