'use strict';

/*
 * `ulimit -v`: from a limit with which node barely starts to one that is enough.
 */

const { spawnSync } = require('node:child_process');
const { Ends, withoutMemory } = require('../judge');
const { run } = require('../start');

const job = { connections: 6, size: 100_000 };
const KB_PER_MB = 1024;

const wrapperOf = (kilobytes) => [
  ...['sh', '-c', `ulimit -v ${kilobytes}; exec "$0" "$@"`],
];

/** Returns the least limit, in MB, with which node starts. */
function leastForNode() {
  const starts = (megabytes) => {
    const [command, ...args] = wrapperOf(megabytes * KB_PER_MB);
    const node = [...args, process.execPath, '-e', '0'];
    return spawnSync(command, node, { stdio: 'ignore' }).status === 0;
  };
  let [low, high] = [32, 1 << 20];
  while (high - low > 4) {
    const middle = (low + high) >> 1;
    if (starts(middle)) high = middle;
    else low = middle;
  }
  return high;
}

let least;

async function play(subject, { isShort }) {
  const ends = new Ends();
  least ??= leastForNode();
  const step = isShort ? 48 : 4;
  let well = 0;
  // Four in a row that are whole: more memory changes nothing.
  for (let i = 0; well < 4 && i < 200; i++) {
    const megabytes = least + i * step;
    const wrapper = wrapperOf(megabytes * KB_PER_MB);
    const ran = await run('echo', job, subject, { wrapper });
    ends.add(`ulimit -v, ${megabytes} MB`, withoutMemory(ran));
    const { whole, ...others } = ran.result?.outcomes ?? { none: 1 };
    well = whole && Object.keys(others).length === 0 ? well + 1 : 0;
  }
  return ends;
}

module.exports = { title: 'little address space', play };
