'use strict';

const { KIBIBYTE, echo } = require('./common');

/** Returns the echo rows by number of connections. */
const echoes = () => [
  {
    ...echo('ping', 1, 64, [
      { must: 1.05, goal: 1.15 },
      {
        title: 'ping-pong with busy-poll',
        judged: 'busy-poll',
        must: 1.05,
        goal: 2.9,
      },
    ]),
    title: 'ping-pong, 1 x 64 B',
    modes: ['busy-poll'],
  },
  ...['together', 'apart'].map((pin) => ({
    ...echo(`ping-${pin}`, 1, 64, [{}]),
    title: `ping-pong, ${pin === 'apart' ? 'a core for each end' : 'one core'}`,
    bare: { epoll: ['serve', 'echo'] },
    pin,
  })),
  {
    ...echo('echo-64', 64, 64, [{ must: 1.5, goal: 1.65 }]),
    modes: ['write-through'],
  },
  echo('echo-256', 256, KIBIBYTE, [
    { must: 1.6, goal: 1.9 },
    {
      metric: 'p99',
      title: 'p99 at 256 connections',
      unit: 'us',
      lower: true,
      must: 0.6,
      goal: 0.4,
    },
  ]),
  echo('echo-1000', 1000, 64, [{ must: 1.5, goal: 1.75 }]),
];

module.exports = { echoes };
