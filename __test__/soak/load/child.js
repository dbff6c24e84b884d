'use strict';

/*
 * A child process of the soak, and calls of its verbs.
 */

const { fork } = require('node:child_process');
const { once } = require('node:events');

class Child {
  #process;
  #calls = new Map();
  #next = 0;

  /**
   * @param {string} file
   * @param {object} setting
   * @param {{ env?: object, onMessage: (message: any) => void }} options
   */
  constructor(file, setting, { env, onMessage }) {
    this.#process = fork(file, [JSON.stringify(setting)], {
      execArgv: ['--expose-gc'],
      env: { ...process.env, ...env },
    });
    this.#process.on('message', (message) => {
      const { number, result } = /** @type {any} */ (message);
      if (number === undefined) return onMessage(message);
      this.#calls.get(number)(result);
      return this.#calls.delete(number);
    });
    /** Resolves with the code and the signal. */
    this.ended = once(this.#process, 'exit').then((ending) => {
      for (const resolve of this.#calls.values()) resolve(undefined);
      return ending;
    });
  }

  get pid() {
    return this.#process.pid;
  }

  /** Calls a verb. Resolves with nothing if the process ends before. */
  call(verb, value) {
    const number = this.#next++;
    return new Promise((resolve) => {
      this.#calls.set(number, resolve);
      this.#process.send({ verb, number, value }, (error) => {
        if (error) resolve(undefined);
      });
    });
  }

  kill(signal) {
    this.#process.kill(signal);
  }
}

module.exports = { Child };
