'use strict';

/*
 * `ulimit -n`: from a limit with which node barely starts to one that is enough, so
 * that descriptors run out while the addon opens, listens, connects and accepts.
 */

const { Ends } = require('../judge');
const { run } = require('../start');

const job = { connections: 6, size: 100_000 };

/** Returns the limits to try. */
function limits({ isShort }) {
  const [first, last] = [18, 80];
  const step = isShort ? 6 : 1;
  const count = Math.floor((last - first) / step) + 1;
  return Array.from({ length: count }, (_, i) => first + i * step);
}

async function play(subject, options) {
  const ends = new Ends();
  for (const limit of limits(options)) {
    const shell = `ulimit -n ${limit}; exec "$0" "$@"`;
    const wrapper = ['sh', '-c', shell];
    ends.add(
      `ulimit -n ${limit}`,
      await run('echo', job, subject, { wrapper }),
    );
  }
  return ends;
}

module.exports = { title: 'descriptors run out', play };
