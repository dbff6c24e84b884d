'use strict';

/*
 * Says which ends of a program under a limit are right. An error with a code is; an end
 * of the process, or a connection that says nothing, only where node:net has the same.
 */

/** What may become of a connection, whatever node:net does. */
const fine =
  /^(whole|E[A-Z0-9]+|threw .*(E[A-Z]{3,}|[Tt]oo many open files|memory|failed to map)[^]*)$/;

/** Without memory V8 and libuv end the process in one of these ways, as it happens to be. */
const deaths = ['SIGABRT', 'SIGILL', 'SIGSEGV', 'SIGTRAP'];

/**
 * Returns the end of a run without memory, with one name for all deaths.
 *
 * @param {{ end: string, result?: any }} ran
 */
const withoutMemory = (ran) =>
  deaths.includes(ran.end) ? { end: 'dies, as V8 does without memory' } : ran;

/** Counts how runs end, for one subject. */
class Ends {
  constructor() {
    this.runs = 0;
    /** Each end and outcome, with the first run that had it. @type {Map<string, string>} */
    this.seen = new Map();
  }

  /**
   * @param {string} where the limit, for people
   * @param {{ end: string, result?: any }} ran
   */
  add(where, { end, result }) {
    this.runs++;
    const names = end === 'well' ? Object.keys(result.outcomes) : [end];
    for (const name of names) {
      if (!this.seen.has(name)) this.seen.set(name, where);
    }
  }

  /** Returns the ends that need an excuse. */
  get unusual() {
    return [...this.seen].filter(([name]) => !fine.test(name));
  }

  /**
   * Returns what is wrong, and what is as in node:net.
   *
   * @param {Ends} nodes
   */
  compare(nodes) {
    const [problems, equal] = [[], []];
    // A process that hangs has connections that wait.
    const hasEqual = (name) =>
      nodes.seen.has(name) || (name === 'waits' && nodes.seen.has('hangs'));
    for (const [name, where] of this.unusual) {
      if (name !== 'wrong' && hasEqual(name)) equal.push(name);
      else problems.push(`${where}: ${name}`);
    }
    return { problems, equal };
  }

  toString() {
    return [...this.seen.keys()].sort().join(', ');
  }
}

module.exports = { Ends, withoutMemory };
