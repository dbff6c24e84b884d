'use strict';

/*
 * Plays one program over node:net and a subject. When the two differ, node plays it
 * again: with its events in the subject's order, and with some sockets served later.
 * A difference that is left must appear in every further run of the subject, too.
 */

const { differences, kindOf } = require('./compare');
const { isKnown } = require('./known');

/** The further runs of node: undisturbed ones, and disturbed ones by seed. */
const doubts = [
  ...[0, 19, 1, 2, 7, 8, 3, 4, 5, 6, 22, 0, 24, 23],
  ...[11, 13, 14, 15, 16, 17, 18, 9, 10, 12, 34, 35],
];
/** After so many of them, the subject is compared with node again. */
const STEPS = [3, 7, 14, doubts.length];
const AGAIN = 3;

/** Kinds of difference that are defects even if they happen once. */
const always = new Set(['violation', 'crash']);

/** Node's runs of one program, made on demand. */
class Reference {
  /**
   * @param {import('./children').Children} children
   * @param {object} program
   */
  constructor(children, program) {
    this.child = children.of('node:net');
    this.program = program;
    this.runs = [];
  }

  async first() {
    if (this.runs.length === 0) {
      this.runs.push(await this.child.play(this.program));
    }
    return this.runs.slice(0, 1);
  }

  async all(count = doubts.length) {
    for (let i = this.runs.length - 1; i < count; i++) {
      const how = { disturbance: doubts[i] };
      this.runs.push(await this.child.play(this.program, how));
    }
    return this.runs.filter(({ crash }) => !crash);
  }

  /** A run in the order of the subject's, in a list. */
  async following({ record: { order } }) {
    const run = await this.child.play(this.program, { order });
    return run.crash ? this.first() : [run];
  }
}

const isNothing = ({ known, rest }) => known.length + rest.length === 0;

/**
 * True for a run of node that others can be compared with: node has not crashed, and its
 * own code has thrown no TypeError.
 */
function isMeasure({ crash, record }) {
  return !crash && !record.uncaught.some((text) => /^TypeError,,/.test(text));
}

/** Judges one subject's runs of one program. */
class Case {
  /**
   * @param {import('./children').Children} children
   * @param {string} name of the subject
   * @param {object} program
   * @param {Reference} reference
   */
  constructor(children, name, program, reference) {
    Object.assign(this, { child: children.of(name), name, program, reference });
  }

  play() {
    return this.child.play(this.program);
  }

  /** Separates the intended differences from the rest. */
  compare(run, nodes) {
    const { program, name, reference } = this;
    const { major } = reference.child;
    const expected = nodes.map(({ record }) => record);
    const context = { program, name, expected, actual: run.record, major };
    const found = differences(nodes, run, program);
    const known = found.filter((one) => isKnown(one, context));
    return { known, rest: found.filter((one) => !known.includes(one)) };
  }

  /**
   * Compares a run with as many of node's as it takes.
   *
   * @param {any} run
   * @param {number} [most] doubts
   */
  async explain(run, most = doubts.length) {
    const { reference } = this;
    const nodes = await reference.first();
    if (!isMeasure(nodes[0])) {
      return { known: [], rest: [], how: 'node failed' };
    }
    let found = this.compare(run, nodes);
    if (isNothing(found) || run.crash) return { ...found, how: 'first' };
    const following = await reference.following(run);
    const followed = this.compare(run, following);
    if (followed.rest.length === 0) return { ...followed, how: 'order' };
    const how = found.rest.length === 0 ? 'known' : 'doubts';
    for (const count of STEPS.filter((one) => one <= most)) {
      if (found.rest.length === 0) break;
      const all = [...(await reference.all(count)), ...following];
      found = this.compare(run, all);
    }
    return { ...found, how };
  }

  /** Returns the differences that occur in every further run of the subject. */
  async steadyOnes(found) {
    let steady = found;
    for (let i = 0; i < AGAIN && steady.length > 0; i++) {
      const { rest } = await this.explain(await this.play());
      const again = new Set(rest.map(({ path }) => path));
      steady = steady.filter(({ path }) => again.has(path) || always.has(path));
    }
    return steady;
  }
}

/**
 * @param {import('./children').Children} children
 * @param {string} name of a subject
 * @param {object} program
 * @param {Reference} [reference]
 * @returns {Promise<{ steady: object[], unsteady: object[], known: object[], how: string,
 *   errors?: string }>} `how` says what of node's was needed to understand it
 */
async function judge(
  children,
  name,
  program,
  reference = new Reference(children, program),
) {
  const one = new Case(children, name, program, reference);
  await reference.first();
  const run = await one.play();
  const { known, rest, how } = await one.explain(run);
  const steady = await one.steadyOnes(rest);
  const unsteady = rest.filter((each) => !steady.includes(each));
  return { steady, unsteady, known, how, errors: run.errors };
}

/**
 * @param {import('./children').Children} children
 * @param {string} name
 * @param {string} kind of the difference that is looked for
 * @returns {(program: object) => Promise<boolean>} whether it is still there
 */
function stillDiffers(children, name, kind) {
  return async (program) => {
    const reference = new Reference(children, program);
    const one = new Case(children, name, program, reference);
    await reference.first();
    const has = ({ rest }) => rest.some((each) => kindOf(each) === kind);
    // Use fewer further runs than at first, as many programs are tried.
    const isSeen = async () => has(await one.explain(await one.play(), 7));
    return (await isSeen()) && (await isSeen());
  };
}

module.exports = { judge, Reference, stillDiffers };
