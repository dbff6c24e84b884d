'use strict';

/*
 * The charts of docs/soak: what each subject used in the course of a long run.
 */

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { drawLines } = require('../../../benchmark/harness/line-chart');

const RESULTS = path.join(__dirname, '../results');
const PAGE = path.join(__dirname, '../../../docs');
/** Points of a curve. */
const POINTS = 20;

const classes = { 'node:net': 'missed', 'on-loop': 'must', threaded: 'goal' };

const charts = {
  memory: {
    title: 'Soak: resident memory',
    unit: 'MB',
    value: ({ rss }) => rss / 2 ** 20,
  },
  descriptors: {
    title: 'Soak: open descriptors',
    unit: 'descriptors',
    value: ({ descriptors }) => descriptors,
  },
  rate: {
    title: 'Soak: connections per second of CPU time',
    unit: 'connections/s',
    // The machine has other work, so that the time says little.
    value: ({ connections, cpu }, before) =>
      (connections - before.connections) / (cpu - before.cpu),
  },
};

const fileOf = (name) => path.join(RESULTS, `${name.replace(':', '-')}.json`);

/** Keeps the samples of a run. */
function keep(name, result) {
  fs.mkdirSync(RESULTS, { recursive: true });
  fs.writeFileSync(fileOf(name), `${JSON.stringify(result, null, 2)}\n`);
}

/** Returns the samples at even distances. */
function spread(samples, connections) {
  const start = { connections: 0, cpu: 0 };
  let before = start;
  return Array.from({ length: POINTS }, (_, i) => {
    const wanted = ((i + 1) * connections) / POINTS;
    const near = samples.find((each) => each.connections >= wanted);
    const point = { at: near ?? samples.at(-1), before };
    if (point.at !== before) before = point.at;
    return point;
  });
}

/** Draws the charts of all runs that are kept. */
function draw() {
  const about = { node: process.version, system: `${os.type()}, ${os.arch()}` };
  const kept = Object.keys(classes)
    .filter((name) => fs.existsSync(fileOf(name)))
    .map((name) => ({
      name,
      ...JSON.parse(fs.readFileSync(fileOf(name), 'utf8')),
    }));
  const least = Math.min(...kept.map(({ connections }) => connections));
  for (const [name, { value, ...chart }] of Object.entries(charts)) {
    const points = Array.from({ length: POINTS }, (_, i) => {
      const at = ((i + 1) * least) / POINTS;
      const label = (i + 1) % 4 === 0 ? at.toLocaleString('en') : '';
      return { at, label };
    });
    const series = kept.map((one) => ({
      name: one.name,
      className: classes[one.name],
      values: spread(one.samples, least).map(({ at, before }) =>
        value(at, before),
      ),
    }));
    const all = { ...chart, along: 'connections so far', isEven: true };
    const image = drawLines(about, {
      ...all,
      logarithmic: false,
      points,
      series,
    });
    fs.writeFileSync(path.join(PAGE, `soak-${name}.svg`), image);
  }
}

module.exports = { draw, keep };
