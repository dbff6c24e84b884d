'use strict';

/* Parses the command line of the benchmark. */

const path = require('node:path');
const { parseArgs } = require('node:util');

const { findPeers } = require('./harness/variants');

const root = path.join(__dirname, '..');

const USAGE = `npm run bench -- [options]
  what to measure (by default the workloads of rows/)
  --shapes           everyday shapes of traffic between two Nodes
  --cross N          N shapes picked from all combinations
  --seed S           the seed of the pick (1)
  --clients          real clients against real servers
  --scaling          how cost grows: connections, message size, rules
  --only ROW,...     only these rows
  --list             the names of the rows
  --write            measures nothing; writes the pages from the kept results
  how
  --rounds N         measurements of each variant (5; of shapes and clients 3)
  --seconds S        length of one measurement of a workload (1.5)
  --scale X          the share of a shape's work that is done (1)
  --minutes M        repeats no shape after this time (14)
  --sustained S      seconds of full load before memory is measured (60)
  --quick            one short round; fails only on a crash or a wrong byte
  on what
  --node PATH        the Node to measure with (the one that runs this)
  --module PATH      the module to measure (this project)
  --against PATH     another build of it, measured in the same run as 'before'
  --driver NAME      on-loop or threaded, for rust-net
  --peers            node:net of Bun and Deno too, where they are installed
  --load FILE        a load program that is already built
  --json FILE        also writes the result as JSON to this file`;

const flags = [
  ...['shapes', 'clients', 'scaling', 'list', 'write'],
  ...['quick', 'peers', 'help'],
];
const texts = [
  ...['cross', 'seed', 'only', 'rounds', 'seconds', 'scale', 'minutes'],
  ...['sustained', 'driver', 'load', 'json', 'against'],
];

function readOptions() {
  const { values } = parseArgs({
    options: {
      ...Object.fromEntries(
        flags.map((name) => [name, { type: 'boolean', default: false }]),
      ),
      ...Object.fromEntries(texts.map((name) => [name, { type: 'string' }])),
      node: { type: 'string', default: process.execPath },
      module: { type: 'string', default: root },
    },
  });
  const number = (name, usual) => {
    const value = Number(values[name] ?? usual);
    if (!(value > 0)) throw new Error(`--${name} must be more than 0`);
    return value;
  };
  const isShape = values.shapes || values.cross || values.clients;
  return {
    ...values,
    rounds: Math.ceil(number('rounds', values.quick ? 1 : isShape ? 3 : 5)),
    seconds: number('seconds', values.quick ? 0.15 : 1.5),
    scale: number('scale', values.quick ? 0.005 : 1),
    minutes: number('minutes', 14),
    sustained: number('sustained', values.quick ? 0.5 : 60),
    seed: number('seed', 1),
    cross: values.cross === undefined ? 0 : Math.ceil(number('cross', 1)),
    module: path.resolve(values.module),
    against: values.against && path.resolve(values.against),
    peers: values.peers ? findPeers() : {},
  };
}

module.exports = { USAGE, readOptions };
