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

module.exports = {
  title: 'no more epoll watches',
  play,
  reasonForNone: reasonForNoTrace,
};
