'use strict';

/*
 * Judges one program over node:net and a subject. When the two differ, node
 * plays it again, also with its sockets served later, and so does the subject.
 */

const { differences, kindOf } = require('./compare');
const { isKnown } = require('./known');

/** The further runs of node: undisturbed ones, and disturbed ones by seed. */
const doubts = [
  ...[0, 19, 1, 2, 7, 8, 3, 4, 5, 6, 22, 0, 24, 23],
  ...[11, 13, 14, 15, 16, 17, 18, 9, 10, 12, 34, 35],
];
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
    return this.runs;
  }

  async all(count = doubts.length) {
    await this.first();
    for (let i = this.runs.length - 1; i < count; i++) {
      this.runs.push(await this.child.play(this.program, doubts[i]));
    }
    return this.runs;
  }
}

function contextOf(program, name, { runs, child }, { record: actual }) {
  const expected = runs.map(({ record }) => record);
  return { program, name, expected, actual, major: child.major };
}

/** Separates the intended differences from the rest. */
function sortedOut(program, name, reference, run) {
  const context = contextOf(program, name, reference, run);
  const found = differences(reference.runs, run);
  const known = found.filter((one) => isKnown(one, context));
  return { known, rest: found.filter((one) => !known.includes(one)) };
}

/** Returns the differences that occur in every further run of the subject. */
async function steadyOnes(children, name, program, reference, found) {
  let steady = found;
  for (let i = 0; i < AGAIN && steady.length > 0; i++) {
    const run = await children.of(name).play(program);
    const again = new Set(
      differences(reference.runs, run).map(({ path }) => path),
    );
    steady = steady.filter(({ path }) => again.has(path) || always.has(path));
  }
  return steady;
}

/**
 * @param {import('./children').Children} children
 * @param {string} name of a subject
 * @param {object} program
 * @param {Reference} [reference]
 * @returns {Promise<{ steady: object[], unsteady: object[], known: object[], ms: number }>}
 */
async function judge(
  children,
  name,
  program,
  reference = new Reference(children, program),
) {
  await reference.first();
  const run = await children.of(name).play(program);
  let { known, rest } = sortedOut(program, name, reference, run);
  for (let i = 2; rest.length > 0 && i <= doubts.length; i += 2) {
    await reference.all(i);
    ({ known, rest } = sortedOut(program, name, reference, run));
  }
  const steady = await steadyOnes(children, name, program, reference, rest);
  const unsteady = rest.filter((one) => !steady.includes(one));
  return { steady, unsteady, known, ms: run.ms ?? 0, errors: run.errors };
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
    await reference.first();
    const has = (run) => {
      const { rest } = sortedOut(program, name, reference, run);
      return rest.some((one) => kindOf(one) === kind);
    };
    const run = await children.of(name).play(program);
    if (!has(run)) return false;
    // Use fewer further runs than at first, as many programs are tried.
    await reference.all(7);
    return has(run) && has(await children.of(name).play(program));
  };
}

module.exports = { judge, Reference, stillDiffers };
