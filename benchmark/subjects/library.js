'use strict';

/*
 * A real client under test: `library.js ROW END`, where `where` of END names
 * the server. rust-net is loaded by `-r rust-net/register`; the packages are
 * those of `examples/compat`.
 */

const { createRequire } = require('node:module');
const path = require('node:path');

const { clients } = require('./library/clients');
const { serve } = require('./shape/run');

const packages = path.join(__dirname, '../../.cache/compat/package.json');

/** Runs the row's operations, `parallel` at a time. */
async function repeat(count, parallel, operation) {
  let left = count;
  const one = async (lane) => {
    while (left-- > 0) await operation(lane);
  };
  await Promise.all(Array.from({ length: parallel }, (_, lane) => one(lane)));
}

class Work {
  #client;

  constructor(row, where) {
    Object.assign(this, { row, where });
  }

  async arm(run) {
    const load = createRequire(packages);
    this.#client = await clients[this.row.client](load, this.where, this.row);
    run.setOpened();
  }

  async start(run) {
    const { mode, count, parallel = 1 } = this.row;
    const operation = this.#client[mode];
    await repeat(run.part(count), parallel, async (lane) => {
      run.received += await operation(lane);
    });
    run.end({ swapped: 'getStats' in require('net') });
    await this.#client.close();
  }
}

const [rowText, endText] = process.argv.slice(2);
serve(new Work(JSON.parse(rowText), JSON.parse(endText).where));
