'use strict';

const { Program } = require('../harness/program');

/**
 * A bare server as the subject of a row: it is looked at from outside, and the
 * time of its peer is its own.
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

  /** Answers as a subject does, but for `result`, which has nothing to say. */
  async ask(line) {
    if (line !== 'start') return {};
    this.#before = await this.#program.ask('usage');
    return {};
  }

  /** The result, with what only the peer knows. */
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
