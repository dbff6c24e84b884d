'use strict';

// Sends bytes each way through pipe() between rust-net and node:net, and compares
// their SHA-256:
//   node __test__/soak/bytes.js [MEGABYTES=1024]
// It uses TCP and a Unix socket, in both directions. Each case runs without pauses
// and, with a quarter of the bytes, with random pauses and small high-water marks.
// A last pair of cases sends the bytes through a proxy of rust-net, which relays them
// without JavaScript.

const fs = require('node:fs');
const node = require('node:net');
const os = require('node:os');
const path = require('node:path');
const rust = require('../..');
const { through } = require('../helpers/through');

const megabytes = Number(process.argv[2] ?? 1024);

async function main() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'rust-net-soak-'));
  const cases = [];
  for (const where of [
    { port: 0, host: '127.0.0.1' },
    { path: path.join(folder, 'socket') },
  ]) {
    for (const [name, client, server] of [
      ['rust-net client, node:net server', rust, node],
      ['node:net client, rust-net server', node, rust],
    ]) {
      for (const options of [
        { bytes: megabytes * 2 ** 20 },
        {
          bytes: (megabytes * 2 ** 20) / 4,
          highWaterMark: 1000,
          pauses: true,
        },
      ]) {
        cases.push({ name, client, server, where, options });
      }
    }
  }
  for (const pauses of [false, true]) {
    const bytes = (megabytes * 2 ** 20) / (pauses ? 4 : 1);
    cases.push({
      name: 'node:net through a rust-net proxy',
      client: node,
      server: node,
      where: { port: 0, host: '127.0.0.1' },
      options: { bytes, pauses, by: rust },
    });
  }
  let failed = 0;
  for (const { name, client, server, where, options } of cases) {
    const kind = where.path ? 'Unix' : 'TCP';
    const how = options.pauses ? 'with pauses' : 'whole';
    const start = performance.now();
    let result = 'equal';
    try {
      await through(client, server, where, options);
    } catch (error) {
      result = error.message;
      failed++;
    }
    const seconds = (performance.now() - start) / 1000;
    const size = (options.bytes / 2 ** 20).toFixed();
    console.log(
      `${kind}, ${name}, ${how}: ${size} MB each way in ${seconds.toFixed(1)} s, ${result}`,
    );
  }
  fs.rmSync(folder, { recursive: true });
  console.log(`${cases.length - failed} passed, ${failed} failed, 0 skipped`);
  process.exitCode = failed === 0 ? 0 : 1;
}

main();
