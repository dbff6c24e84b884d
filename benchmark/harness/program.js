'use strict';

/*
 * A child process that speaks in lines. It prints one line of JSON when it is
 * ready, and one in answer to each line on its standard input. It exits when
 * its standard input ends.
 */

const { spawn } = require('node:child_process');
const { once } = require('node:events');
const readline = require('node:readline');

// The time limit of every answer, in milliseconds.
const ANSWER_LIMIT = 120 * 1000;

class Program {
  #child;
  #name;
  #closed;
  #lines = [];
  #waiting = null;
  #failure = null;

  /**
   * Starts a program and waits until it is ready.
   *
   * @param {string[]} command the program and its arguments
   * @param {Record<string, string>} [env] on top of this process's own
   * @returns {Promise<Program>}
   */
  static async start(command, env = {}) {
    const program = new Program(command, env);
    program.ready = await program.#answer();
    return program;
  }

  constructor([file, ...args], env) {
    this.#name = args.filter((arg) => !/^[/{]/.test(arg)).join(' ');
    this.#child = spawn(file, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#closed = once(this.#child, 'close').then(
      ([code, signal]) => this.#fail(`ended with ${code ?? signal}`, code),
      (error) => this.#fail(error.message, 1),
    );
    this.#child.stdin.on('error', (error) => this.#fail(error.message));
    const lines = readline.createInterface({ input: this.#child.stdout });
    lines.on('line', (line) => {
      this.#lines.push(line);
      this.#settle();
    });
  }

  /**
   * @param {string} line a command
   * @returns {Promise<any>} its answer
   */
  ask(line) {
    this.#child.stdin.write(`${line}\n`);
    return this.#answer();
  }

  get pid() {
    return this.#child.pid;
  }

  /** Stops the program; rejects if it exits with a failure. */
  async stop() {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_LIMIT);
    this.#child.stdin.end();
    const code = await this.#closed;
    clearTimeout(timer);
    if (code !== 0) throw this.#failure;
  }

  /** Kills the program. */
  kill() {
    this.#child.kill('SIGKILL');
  }

  #answer() {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail('no answer'), ANSWER_LIMIT);
      this.#waiting = (error, line) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(JSON.parse(line));
      };
      this.#settle();
    });
  }

  #settle() {
    if (!this.#waiting || (this.#lines.length === 0 && !this.#failure)) return;
    const settle = this.#waiting;
    this.#waiting = null;
    if (this.#lines.length > 0) settle(null, this.#lines.shift());
    else settle(this.#failure);
  }

  #fail(reason, code) {
    this.#failure ??= new Error(`${this.#name}: ${reason}`);
    this.#settle();
    return code;
  }
}

module.exports = { Program };
