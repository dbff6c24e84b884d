'use strict';

/*
 * `prlimit --as` under load: the process may have little more than it has when its
 * clients start.
 */

const { spawnSync } = require('node:child_process');
const { Ends, withoutMemory } = require('../judge');
const { run } = require('../start');

const MB = 2 ** 20;
const job = { connections: 10, size: 2_000_000 };

/** Returns why the limit cannot be set; undefined if it can. */
function reasonForNone() {
  return spawnSync('prlimit', ['--version']).status === 0
    ? undefined
    : 'no prlimit';
}

async function play(subject, { isShort }) {
  const ends = new Ends();
  for (let room = 0; room <= 160; room += isShort ? 32 : 4) {
    const ran = await run('echo', { ...job, room: room * MB }, subject);
    ends.add(`${room} MB more`, withoutMemory(ran));
  }
  return ends;
}

module.exports = { title: 'memory runs out under load', play, reasonForNone };
