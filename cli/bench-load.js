'use strict';

// The loads of `npx rust-net bench`. They always run on rust-net, whichever module
// serves them. Every byte of an answer is checked.

const net = require('../index.js');

/** @typedef {{ count: number, stopping: boolean, fail: (error: Error) => void }} Tally */

/** Sends a question, waits for the answer, and repeats until the tally stops. */
function ask(where, question, answer, tally, worth) {
  return new Promise((resolve) => {
    const socket = net.connect(where);
    let got = 0;
    socket.on('connect', () => socket.write(question));
    socket.on('data', (data) => {
      if (!data.equals(answer.subarray(got, got + data.length))) {
        tally.fail(new Error('an answer has wrong bytes'));
      }
      got += data.length;
      if (got < answer.length) return;
      got = 0;
      tally.count += worth;
      if (tally.stopping) socket.end();
      else socket.write(question);
    });
    socket.on('error', tally.fail);
    socket.on('close', resolve);
  });
}

function echoes(where, tally, connections) {
  return Promise.all(
    Array.from({ length: connections }, (_, i) => {
      const message = Buffer.alloc(64, `${i} `);
      return ask(where, message, message, tally, 1);
    }),
  );
}

/** Connects, gets one answer and closes, again and again. */
async function churn(where, tally) {
  while (!tally.stopping) {
    await new Promise((resolve) => {
      const socket = net.connect(where, () => socket.write('?'));
      let answer = '';
      socket.setEncoding('latin1').on('data', (text) => (answer += text));
      socket.on('error', tally.fail);
      socket.on('close', () => {
        if (answer !== '?') tally.fail(new Error(`the answer was '${answer}'`));
        tally.count++;
        resolve(undefined);
      });
    });
  }
}

const mebibyte = Buffer.alloc(1 << 20, 's');

/** The loads, with their names in the table. */
module.exports = [
  {
    name: 'echo, 1 connection',
    unit: '/s',
    at: 'echo',
    run: (where, tally) => echoes(where, tally, 1),
  },
  {
    name: 'echo, 64 connections',
    unit: '/s',
    at: 'echo',
    run: (where, tally) => echoes(where, tally, 64),
  },
  {
    name: 'Unix socket, 64 connections',
    unit: '/s',
    at: 'unix',
    run: (where, tally) => echoes(where, tally, 64),
  },
  {
    name: 'connect and close, 16 at a time',
    unit: '/s',
    at: 'once',
    run: (where, tally) =>
      Promise.all(Array.from({ length: 16 }, () => churn(where, tally))),
  },
  {
    name: 'stream in writes of 1 KiB',
    unit: ' MiB/s',
    at: 'stream',
    run: (where, tally) => ask(where, Buffer.from('?'), mebibyte, tally, 1),
  },
];
