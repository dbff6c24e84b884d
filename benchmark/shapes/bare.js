'use strict';

const { Program } = require('../harness/program');

/**
 * A bare server as the subject of a row. It is measured from outside, and its
 * peer's time is used as its own.
 */
class BareEnd {
  #program;
  #before;

  /** @param {string[]} command */
  static async start(command) {
    const end = new BareEnd();
    end.#program = await Program.start(command);
    return end;
  }

  get ready() {
    return { ...this.#program.ready, pid: this.#program.pid };
  }

  /** Answers as a subject does, but has no figures for `result`. */
  async ask(line) {
    if (line !== 'start') return {};
    this.#before = await this.#program.ask('usage');
    return {};
  }

  /** Returns the result, with the figures that only the peer has. */
  async resultBeside(peer) {
    const { cpu, bytes } = await this.#program.ask('usage');
    return {
      seconds: peer.seconds,
      cpu: cpu - this.#before.cpu,
      sent: 0,
      received: bytes - this.#before.bytes,
    };
  }

  stop() {
    return this.#program.stop();
  }

  kill() {
    this.#program.kill();
  }
}

module.exports = { BareEnd };
