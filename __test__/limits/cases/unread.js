'use strict';

/*
 * Peers that never read, until the end: what is sent to them by write(), pipe() and a
 * relay stays within the buffers.
 */

const { run } = require('../start');

const MB = 2 ** 20;
/** What a connection may use in the process: its mark, and chunks on their way. */
const MOST_EACH = MB / 2;
const MOST = 48 * MB;

/**
 * @returns {Promise<{ problems: string[], counts: string }>}
 */
async function play(subject, { isShort }) {
  const count = isShort ? 30 : 240;
  const { end, result, stderr } = await run('unread', { count }, subject, {
    limit: 60_000,
  });
  if (!result) return { problems: [`${end} ${stderr}`], counts: end };
  const { outcomes, rss, sent } = result;
  const problems = [];
  if (outcomes.whole !== count) problems.push(JSON.stringify(outcomes));
  if (rss > MOST + count * MOST_EACH) problems.push(`${rss} bytes of memory`);
  return {
    problems,
    counts:
      `${outcomes.whole} whole, ${Math.round(sent / MB)} MB on their way, ` +
      `${Math.round(rss / MB)} MB of memory`,
  };
}

module.exports = { title: 'peers that do not read', play };
