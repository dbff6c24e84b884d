'use strict';

/*
 * Plays the scenarios over a bad network, with node:net and curl beside rust-net.
 *
 *   node __test__/network/run.js [--bytes N] [--seed S] [--record]
 *
 * `--bytes` is what goes each way in the bulk transfer, 16 MiB by default;
 * 1073741824 is the long form.
 */

const { parseArgs } = require('node:util');

const { record } = require('../../scripts/reliability-table');
const { reasonForNoLink } = require('./link');
const { bulk, race, races, vanish, vanishInBulk } = require('./scenarios');

const { values: given } = parseArgs({
  options: {
    bytes: { type: 'string', default: `${16 << 20}` },
    record: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
  },
});
const [bytes, seed] = [Number(given.bytes), Number(given.seed)];
const driver = process.env.RUST_NET_DRIVER ?? 'on-loop';

const milliseconds = ({ ms }) =>
  ms === null ? 'none in 5 s' : `${Math.round(ms)} ms`;
const list = (entries) => entries.join('; ');

async function playRaces() {
  const lines = [];
  let isWell = true;
  for (const name of Object.keys(races)) {
    const found = await race(name, { seed, curl: true });
    const times = Object.entries(found).map(
      ([who, result]) => `${who} ${milliseconds(result)}`,
    );
    lines.push(`${name}: ${times.join(', ')}`);
    const { ms, connecting, ended } = found['rust-net, parallel'];
    isWell &&= ms !== null && connecting === 0 && ended;
  }
  return { counts: list(lines), isWell };
}

async function playVanishings() {
  const found = await vanish(15_000);
  const lines = Object.entries(found).map(([name, { code, ms }]) =>
    code === null
      ? `${name}: none in 15 s`
      : `${name}: ${code} after ${Math.round(ms)} ms`,
  );
  const { error, ms } = await vanishInBulk('rust-net', { seed });
  lines.push(
    `in a transfer, userTimeout 2 s: ${error.error} after ${Math.round(ms)} ms`,
  );
  const isWell =
    Object.values(found).filter(({ closed }) => closed).length === 2;
  return { counts: list(lines), isWell: isWell && error.error === 'ETIMEDOUT' };
}

async function playBulk() {
  const lines = [];
  let isWell = true;
  for (const name of ['rust-net', 'node:net']) {
    const { results, counts } = await bulk(name, { bytes, seed });
    const seconds = results
      .map(({ ms }) => (ms / 1000).toFixed(1))
      .join(' and ');
    const sum = (key) => counts[0][key] + counts[1][key];
    const isWhole = results.every((each) => each.isWhole);
    lines.push(
      `${name}: ${isWhole ? 'whole' : 'NOT WHOLE'} in ${seconds} s ` +
        `(${sum('seen')} packets, ${sum('lost')} lost, ${sum('duplicated')} ` +
        `twice, ${sum('reordered')} late)`,
    );
    isWell &&= isWhole;
  }
  const size = `${Math.round(bytes / 2 ** 20)} MiB each way`;
  return { counts: `${size}: ${list(lines)}`, isWell };
}

const layers = {
  'Bad network: raced connects': playRaces,
  'Bad network: peers that vanish': playVanishings,
  'Bad network: bulk at 5 % loss, 25 to 35 ms, reorder, duplicates, 1 s unplugged':
    playBulk,
};

async function main() {
  const reason = reasonForNoLink();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    return;
  }
  for (const [layer, play] of Object.entries(layers)) {
    const { counts, isWell } = await play();
    const result = isWell ? 'nothing found' : 'FAILED';
    console.log(`${layer}\n  ${counts.replaceAll('; ', '\n  ')}\n  ${result}`);
    if (!isWell) process.exitCode = 1;
    if (!given.record) continue;
    const command = `npm run test:network -- --bytes ${bytes} --record`;
    const row = { layer, command, counts: `${driver}; ${counts}`, result };
    await record({ ...row, seed: `${seed}` });
  }
}

main();
