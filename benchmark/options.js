'use strict';

/* Parses the command line of the benchmark. */

const path = require('node:path');
const { parseArgs } = require('node:util');

const { findPeers } = require('./harness/variants');

const root = path.join(__dirname, '..');

const USAGE = `npm run bench -- [options]
  what to measure (the workloads of rows.js without any of these)
  --shapes           everyday shapes of traffic between two Nodes
  --cross N          N shapes picked out of all there are
  --seed S           which ones (1)
  --clients          real clients against real servers
  --scaling          echo by connections and by message size
  --only ROW,...     these rows alone
  --list             the names of the rows
  --write            nothing: writes the pages from the results that are kept
  how
  --rounds N         measurements of each variant (5; of shapes and clients 3)
  --seconds S        length of one measurement of a workload (1.5)
  --scale X          the share of a shape's work that is done (1)
  --minutes M        no shape is measured again after this long (14)
  --sustained S      of full load before memory is looked at (60)
  --quick            one short round: fails on a crash or a wrong byte only
  on what
  --node PATH        the Node to measure on (the one that runs this)
  --module PATH      the module to measure (this project)
  --driver NAME      on-loop or threaded, for rust-net
  --peers            node:net of Bun and Deno too, where they are installed
  --load FILE        the load's program, already built
  --json FILE        the result as JSON to a file of one's own`;

const flags = [
  ...['shapes', 'clients', 'scaling', 'list', 'write'],
  ...['quick', 'peers', 'help'],
];
const texts = [
  ...['cross', 'seed', 'only', 'rounds', 'seconds', 'scale', 'minutes'],
  ...['sustained', 'driver', 'load', 'json'],
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
    peers: values.peers ? findPeers() : {},
  };
}

module.exports = { USAGE, readOptions };
