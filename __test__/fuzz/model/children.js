'use strict';

/*
 * The processes that play programs. A child that crashes or hangs is restarted.
 */

const { fork } = require('node:child_process');
const path = require('node:path');

const { subjects } = require('./subjects');

/**
 * The time limit of a program, in milliseconds; a longer one blocks its loop.
 */
const LIMIT = 30_000;

/** A child that plays over one module with its settings. */
class Child {
  /**
   * @param {string} name of a subject, or 'node:net'
   * @param {{ node: string, module: string }} where
   */
  constructor(name, { node, module }) {
    Object.assign(this, { name, node, module, process: undefined });
    /** How the process ended between two programs. */
    this.end = undefined;
    this.isPlaying = false;
  }

  start() {
    const isNode = this.name === 'node:net';
    const env = { ...process.env };
    for (const key of Object.keys(env)) {
      if (key.startsWith('RUST_NET_') && key !== 'RUST_NET_BINARY') {
        delete env[key];
      }
    }
    const worker = path.join(__dirname, 'worker.js');
    const child = fork(worker, [isNode ? this.name : this.module], {
      execPath: this.node,
      execArgv: ['--no-warnings'],
      env: { ...env, ...(isNode ? {} : subjects[this.name]) },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.errors = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      this.errors = (this.errors + text).slice(-2000);
    });
    this.process = child;
    child.on('exit', (code, signal) => this.ended(child, signal ?? code));
    return new Promise((resolve, reject) => {
      child.once('message', ({ major }) => {
        this.major = major;
        resolve(undefined);
      });
      child.once('exit', () => reject(new Error(`no worker: ${this.errors}`)));
    });
  }

  // A program may end the process only after its record: the next play reports it.
  ended(child, how) {
    if (this.process !== child) return;
    this.process = undefined;
    if (!this.isPlaying) this.end = `exit ${how} behind an earlier program`;
  }

  /**
   * @param {object} program
   * @param {{ disturbance?: number, order?: any[][] }} [how]
   * @returns {Promise<{ record?: any, ms?: number, crash?: string, errors?: string }>}
   */
  async play(program, how = {}) {
    if (program.isHeavy) this.stop();
    const { end: crash, errors } = this;
    this.end = undefined;
    if (crash) return { crash, errors };
    if (!this.process) await this.start();
    const child = this.process;
    this.isPlaying = true;
    return new Promise((resolve) => {
      const done = (result) => {
        clearTimeout(timer);
        // Its answer has crossed the signal that ends it.
        if (isLate && this.process === child) this.process = undefined;
        this.isPlaying = false;
        child.off('message', done).off('exit', onExit);
        resolve(result);
      };
      const onExit = (code, signal) => {
        const why = isLate ? 'the loop stands still' : `exit ${signal ?? code}`;
        done({ crash: why, errors: this.errors });
      };
      let isLate = false;
      const timer = setTimeout(() => {
        isLate = true;
        child.kill('SIGKILL');
      }, LIMIT);
      child.on('message', done).on('exit', onExit);
      // Sending to a process that is ending fails; 'exit' reports it.
      child.send({ program, how }, () => {});
    });
  }

  stop() {
    this.process?.kill('SIGKILL');
    this.process = undefined;
  }
}

/** The children of one lane, started when they are needed. */
class Children {
  /** @param {{ node: string, module: string }} where */
  constructor(where) {
    this.where = where;
    this.byName = new Map();
  }

  /**
   * @param {string} name
   * @returns {Child}
   */
  of(name) {
    if (!this.byName.has(name)) {
      this.byName.set(name, new Child(name, this.where));
    }
    return this.byName.get(name);
  }

  stop() {
    for (const child of this.byName.values()) child.stop();
  }
}

module.exports = { Children };
