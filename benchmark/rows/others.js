'use strict';

const { KIBIBYTE, options } = require('./common');

/** Returns the rows of resident memory: per connection, and after much work. */
const memories = ({ quick, sustained }) => {
  const idle = quick ? 500 : 10_000;
  return [
    {
      name: 'memory',
      title: `memory of ${idle} idle connections`,
      kind: 'memory',
      unit: 'B/connection',
      connections: idle,
      subject: ['server.js', 'echo'],
      bare: { epoll: ['serve', 'echo'] },
      targets: [{ lower: true, must: 0.75, goal: 0.5 }],
    },
    {
      name: 'memory-kept',
      title: 'memory of 1000 with a chunk kept',
      kind: 'memory',
      unit: 'B/connection',
      connections: 1000,
      subject: ['server.js', 'keep'],
      targets: [{ lower: true, must: 1 }],
    },
    {
      name: 'memory-load',
      title: `memory after ${sustained} s of echo-256`,
      kind: 'sustained',
      unit: 'MB',
      rounds: 1,
      seconds: sustained,
      subject: ['server.js', 'echo'],
      load: ['echo', ...options({ connections: 256, size: KIBIBYTE })],
      bare: {},
      targets: [
        { lower: true, must: 1 },
        {
          metric: 'grown',
          title: 'memory that the load added',
          lower: true,
          must: 1,
        },
      ],
    },
  ];
};

const inside = (name, title, subject, row) => ({
  name,
  title,
  kind: 'inside',
  unit: 'calls/s',
  per: 'call',
  subject: ['inside.js', ...subject],
  ...row,
});

/**
 * Returns a row of `BlockList.check`.
 *
 * @param {string} name
 * @param {number} rules
 * @param {any[]} targets
 */
const checks = (name, rules, targets) =>
  inside(
    name,
    `BlockList.check, ${rules} rules`,
    ['block-list', ...options({ rules })],
    { targets },
  );

/**
 * Returns the target of the block list with many rules, where node's speed
 * depends on its release.
 */
const blockListTarget = (major) =>
  major >= 26 ? { must: 1, goal: 3 } : { must: 300, goal: 600 };

/** Returns the rows of calls within one process, and of its start. */
const others = ({ quick, nodeMajor }) => {
  const rules = quick ? 600 : 10_000;
  const many = quick ? 6_000 : 1_000_000;
  return [
    checks('block-list', rules, [blockListTarget(nodeMajor)]),
    inside(
      'block-list-flat',
      `BlockList.check, ${many} rules against ${rules}`,
      ['block-list', ...options({ rules: many })],
      { optional: true, baseArgs: options({ rules }), targets: [{ goal: 1 }] },
    ),
    inside('is-ip', 'isIP', ['is-ip'], { targets: [{ must: 1, goal: 2 }] }),
    {
      name: 'require',
      title: 'time to require',
      kind: 'startUp',
      unit: 'ms',
      per: 'process',
      subject: ['require.js'],
      targets: [{ lower: true, must: (base) => 1.5 + 5 / base }],
    },
  ];
};

module.exports = { checks, memories, others };
