'use strict';

// Threads with a server each, which do what a test asks them to.

const { once } = require('node:events');
const path = require('node:path');
const { Worker } = require('node:worker_threads');

const program = path.join(__dirname, '../fixtures/shared-thread.js');

class Thread {
  #worker;
  #questions = new Map();
  #next = 0;

  constructor() {
    const workerData = { net: path.join(__dirname, '../..') };
    this.#worker = new Worker(program, { workerData });
    this.id = this.#worker.threadId;
    this.#worker.on('message', ({ id, value, error }) => {
      const { resolve, reject } = this.#questions.get(id);
      this.#questions.delete(id);
      if (error) reject(Object.assign(new Error(error.message), error));
      else resolve(value);
    });
    this.ended = once(this.#worker, 'exit');
    this.ended.then(() => {
      for (const { resolve } of this.#questions.values()) resolve(undefined);
    });
  }

  /** Asks for a verb of the thread. Resolves with nothing if it ends before. */
  ask(verb, ...args) {
    const id = this.#next++;
    const { promise, ...question } = withResolvers();
    this.#questions.set(id, question);
    this.#worker.postMessage({ id, verb, args });
    return promise;
  }

  /** Ends the thread, at whatever it is. */
  end() {
    return this.#worker.terminate();
  }
}

function withResolvers() {
  let resolve;
  let reject;
  const promise = new Promise((...both) => {
    [resolve, reject] = both;
  });
  return { promise, resolve, reject };
}

/**
 * Starts a thread, which is ended with the test.
 *
 * @param {object} t
 */
function startThread(t) {
  const thread = new Thread();
  t.after(() => thread.end());
  return thread;
}

/**
 * Starts `count` threads that share an address. Resolves with them and the address.
 *
 * @param {object} t
 * @param {number} count
 * @param {object} where what `listen` takes
 * @param {string} manner of `fixtures/shared-thread.js`
 * @param {object} [options] of the servers
 */
async function startSharing(t, count, where, manner, options) {
  const threads = Array.from({ length: count }, () => startThread(t));
  const [first, ...others] = threads;
  const place = { ...where, shared: true };
  const address = await first.ask('listen', place, manner, options);
  if (typeof address === 'object') place.port = address.port;
  await Promise.all(
    others.map((thread) => thread.ask('listen', place, manner, options)),
  );
  return { threads, place };
}

module.exports = { startSharing, startThread };
