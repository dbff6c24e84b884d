'use strict';

const { fresh, kinds } = require('./kinds');
const { compare, isUnsteady } = require('./statistics');
const { BEFORE, variantsOf } = require('./variants');

/**
 * Measures one row. All variants are started first and then take turns, in an
 * order that is reversed each round.
 *
 * @param {any} row
 * @param {any} options of the run
 * @returns {Promise<Record<string, any[]>>} samples by variant
 */
async function sampleRow(row, options) {
  const running = [];
  const samples = {};
  const kind = row.fresh ? fresh(kinds[row.kind]) : kinds[row.kind];
  try {
    for (const variant of variantsOf(row, options)) {
      await tolerate(variant, async () => {
        const live = await kind(row, variant, options);
        running.push({ variant, live });
        samples[variant.name] = [];
      });
    }
    await sampleRounds(running, samples, row.rounds ?? options.rounds);
    // Repeat each round in which node:net was unsteady.
    const again = options.quick ? 0 : markUnsteady(samples);
    await sampleRounds(running, samples, again);
    markUnsteady(samples);
    for (const { variant, live } of running) {
      await tolerate(variant, () => live.stop());
    }
  } finally {
    for (const { live } of running) live.kill();
  }
  return samples;
}

async function sampleRounds(running, samples, rounds) {
  const order = [...running];
  for (let round = 0; round < rounds; round++) {
    for (const { variant, live } of order) {
      await tolerate(variant, async () => {
        samples[variant.name].push(await live.measure());
      });
    }
    order.reverse();
  }
}

/**
 * Marks the base's samples that are far from its median, and returns their
 * number.
 */
function markUnsteady(samples) {
  const [base] = Object.values(samples);
  const values = base.map(({ value }) => value);
  for (const sample of base) sample.unsteady = isUnsteady(sample.value, values);
  return base.filter(({ unsteady }) => unsteady).length;
}

/** Leaves another runtime out of a row that it cannot run. */
async function tolerate(variant, work) {
  try {
    await work();
  } catch (error) {
    const message = `${variant.name}: ${error.message}`;
    if (!variant.mayFail) throw new Error(message, { cause: error });
    console.error(`left out: ${message}`);
  }
}

function checkAgreement(row, samples) {
  if (row.baseArgs) return;
  const answers = new Set(
    Object.values(samples).flatMap((list) => list.map(({ check }) => check)),
  );
  if (answers.size > 1) {
    throw new Error(`${row.name}: results differ: ${[...answers].join(', ')}`);
  }
}

/**
 * Returns the required ratio of a line, and whether the line missed it, reached
 * it, or reached the goal.
 */
function judge(target, { ratio, base }) {
  const must =
    typeof target.must === 'function' ? target.must(base) : target.must;
  const reaches = (wanted) =>
    wanted != null && (target.lower ? ratio <= wanted : ratio >= wanted);
  let verdict = '';
  if (reaches(target.goal)) verdict = 'goal';
  else if (reaches(must)) verdict = 'must';
  else if (must != null) verdict = 'missed';
  return { must, verdict };
}

/** Compares a line with the other build's, where one was measured. */
function changesOf({ [BEFORE]: before, ...samples }, judged, metric) {
  if (!before) return undefined;
  const compared = (what) => compare(before, samples[judged], what);
  return { value: compared(metric), cpu: compared('cpu') };
}

/**
 * Measures one row and computes its lines, one for each target.
 *
 * @param {any} row
 * @param {any} options of the run
 * @returns {Promise<any[]>}
 */
async function runRow(row, options) {
  const samples = await sampleRow(row, options);
  checkAgreement(row, samples);
  const [base, ...others] = Object.keys(samples);
  return row.targets.map((target) => {
    const judged = target.judged ?? row.judged ?? 'default';
    const metric = target.metric ?? 'value';
    const against = (name, what = metric) =>
      compare(samples[base], samples[name], what);
    const figure = against(judged);
    return {
      row: row.name,
      scale: row.scale,
      title: target.title ?? row.title,
      unit: target.unit ?? row.unit,
      per: row.per,
      lower: Boolean(target.lower),
      goal: target.goal ?? null,
      ...figure,
      ...judge(target, figure),
      changes: changesOf(samples, judged, metric),
      cpu: against(judged, 'cpu'),
      p50: against(judged, 'p50'),
      p99: against(judged, 'p99'),
      load: against(judged, 'load'),
      peak: against(judged, 'peak'),
      again: samples[base].filter(({ unsteady }) => unsteady).length,
      others: Object.fromEntries(
        others
          .filter((name) => name !== judged)
          .map((name) => [name, against(name)?.ratio ?? null]),
      ),
      samples: target.metric ? undefined : samples,
    };
  });
}

module.exports = { runRow };
