'use strict';

/*
 * `fs.epoll.max_user_watches`: from the n-th on, no descriptor can be added to an
 * epoll. The limit is for a user and not for a process, so strace stands in for it.
 */

const { reasonForNoTrace } = require('../../faults/strace');
const { Ends } = require('../judge');
const { run } = require('../start');

const job = { connections: 3, size: 20_000 };

async function play(subject, { isShort }) {
  const ends = new Ends();
  for (let n = 1; n <= 80; n += isShort ? 9 : 1) {
    const inject = `inject=epoll_ctl:error=ENOSPC:when=${n}+`;
    const flags = ['-f', '-qq', '-o', '/dev/null', '-e', 'trace=epoll_ctl'];
    const wrapper = ['strace', ...flags, '-e', inject];
    ends.add(`${n} watches`, await run('echo', job, subject, { wrapper }));
  }
  return ends;
}

/** Returns why the limit cannot be compared; undefined if it can. */
function reasonForNone() {
  // There node:net was seen not to meet the failing call.
  if (parseInt(process.versions.node, 10) >= 26) return 'nothing to compare';
  return reasonForNoTrace();
}

module.exports = { title: 'no more epoll watches', play, reasonForNone };
