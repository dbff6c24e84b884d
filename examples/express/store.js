'use strict';

// A counter on the network, and a client for it: a key a line, the count is the
// answer. Both are written for node:net, and ask for it by that name.

const net = require('node:net');
const readline = require('node:readline');

function createStore() {
  const counts = new Map();
  return net.createServer((socket) => {
    readline.createInterface({ input: socket }).on('line', (key) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      socket.write(`${count}\n`);
    });
  });
}

/** @param {object} address as `net.connect` takes it */
function connectStore(address) {
  const socket = net.connect(address);
  const waiting = [];
  readline.createInterface({ input: socket }).on('line', (line) => {
    waiting.shift()(Number(line));
  });
  return {
    increment: (key) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        socket.write(`${key}\n`);
      }),
    close: () => socket.end(),
  };
}

module.exports = { connectStore, createStore };
