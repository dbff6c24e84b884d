'use strict';

const at = (sorted, share) => sorted[Math.floor(sorted.length * share)];

const sort = (values) => values.sort((a, b) => a - b);

/**
 * Records the lifetimes of a server's connections.
 *
 * @param {import('node:net').Server} server
 * @returns {() => { open: number, p50: number, p99: number } | undefined} of
 *   those that closed since the last call: how many were mostly open at once,
 *   and the microseconds from 'connection' to 'close'
 */
function follow(server) {
  let open = 0;
  let counts = [];
  let lives = [];
  server.on('connection', (socket) => {
    const since = performance.now();
    counts.push(++open);
    socket.on('close', () => {
      open--;
      lives.push((performance.now() - since) * 1000);
    });
  });
  return () => {
    const [sortedCounts, sortedLives] = [sort(counts), sort(lives)];
    counts = [];
    lives = [];
    if (sortedLives.length === 0) return undefined;
    return {
      open: at(sortedCounts, 0.5),
      p50: at(sortedLives, 0.5),
      p99: at(sortedLives, 0.99),
    };
  };
}

module.exports = { follow };
