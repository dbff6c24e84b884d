'use strict';

/*
 * The servers under test by name: `(net, options) => server`, where `net` is
 * node:net or rust-net.
 */

const http = require('node:http');

const { fits, pattern } = require('./pattern');

const X = 'x'.charCodeAt(0);

/**
 * Does `rounds` rounds of work for a handler, whose result keeps the compiler
 * from removing it.
 *
 * @param {number} rounds
 * @returns {number}
 */
function work(rounds) {
  let state = 1;
  for (let i = 0; i < rounds; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
  }
  return state;
}

const servers = {
  echo: (net) =>
    net.createServer((socket) => {
      socket.on('data', (data) => socket.write(data));
    }),

  /** Keeps the first chunk of each connection. */
  keep: (net) =>
    net.createServer((socket) => {
      socket.on('data', (data) => {
        socket.kept ??= data;
        socket.write(data);
      });
    }),

  pipe: (net) => net.createServer((socket) => socket.pipe(socket)),

  /** Two sockets per connection: forwards what comes in to `upstream`. */
  proxy: (net, { upstream }) =>
    net.createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
      const far = net.connect({
        port: upstream,
        host: '127.0.0.1',
        allowHalfOpen: true,
        noDelay: true,
      });
      near.pipe(far).pipe(near);
      far.on('error', (error) => near.destroy(error));
      near.on('close', () => far.destroy());
    }),

  /** Does some work before each answer. */
  heavy: (net, { work: rounds }) =>
    net.createServer((socket) => {
      socket.on('data', (data) => {
        if (work(rounds) === 0) throw new Error('impossible result');
        socket.write(data);
      });
    }),

  /** The client closes; the server only has to notice. */
  churn: (net) => net.createServer((socket) => socket.resume()),

  /** Answers a request of 16 bytes with eight small writes. */
  burst(net) {
    const pieces = Array.from({ length: 8 }, (_, i) => Buffer.alloc(64, i));
    return net.createServer({ noDelay: true }, (socket) => {
      let seen = 0;
      socket.on('data', (data) => {
        for (seen += data.length; seen >= 16; seen -= 16) {
          for (const piece of pieces) socket.write(piece);
        }
      });
    });
  },

  /** Sends each line of text back after an equals sign. */
  lines: (net) =>
    net.createServer((socket) => {
      let rest = '';
      socket.setEncoding('utf8').on('data', (text) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop();
        for (const line of lines) socket.write(`=${line}\n`);
      });
    }),

  /** Counts the bytes received, and sends the count at the end. */
  sink: (net) =>
    net.createServer({ allowHalfOpen: true }, (socket) => {
      let total = 0;
      socket.on('data', (data) => {
        if (!fits(total, data)) throw new Error(`wrong bytes after ${total}`);
        total += data.length;
      });
      socket.on('end', () => {
        const answer = Buffer.alloc(8);
        answer.writeBigUInt64LE(BigInt(total));
        socket.end(answer);
      });
    }),

  /**
   * Sends as many bytes as an eight-byte request asks for, in writes of `size`.
   */
  source(net, { size }) {
    const chunk = pattern(size);
    return net.createServer((socket) => {
      let left = 0;
      const pump = () => {
        while (left > 0) {
          left -= size;
          if (!socket.write(chunk)) return;
        }
      };
      socket.on('drain', pump);
      socket.on('data', (data) => {
        if (data.length !== 8) throw new Error('half a request');
        left += Number(data.readBigUInt64LE());
        if (left % size !== 0) throw new Error('no whole number of writes');
        pump();
      });
    });
  },

  /** node:http on the sockets of either module. */
  http(net, { size, takeHttp }) {
    takeHttp();
    const body = Buffer.alloc(size, 'x');
    return http.createServer((request, response) => {
      response.setHeader('Content-Length', size);
      response.end(body);
    });
  },

  /** Answers with an object of `size` bytes in JSON. */
  httpJson(net, { size, takeHttp }) {
    takeHttp();
    const text = 'x'.repeat(size - JSON.stringify({ text: '' }).length);
    return http.createServer((request, response) => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ text }));
    });
  },

  /** Answers an upload, once all of it has come. */
  httpPost(net, { size, takeHttp }) {
    takeHttp();
    const body = Buffer.alloc(size, 'x');
    return http.createServer((request, response) => {
      let left = Number(request.headers['content-length']);
      request.on('data', (data) => {
        if (data[0] !== X || data.at(-1) !== X) throw new Error('wrong bytes');
        left -= data.length;
      });
      request.on('end', () => {
        if (left !== 0) throw new Error(`${left} bytes are missing`);
        response.setHeader('Content-Length', size);
        response.end(body);
      });
    });
  },
};

module.exports = { servers, work };
