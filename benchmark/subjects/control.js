'use strict';

/*
 * The protocol of subjects and native programs. A subject prints one line of
 * JSON when it is ready, and one in answer to each line on standard input. It
 * exits when standard input ends.
 */

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function memory() {
  // With --expose-gc, collect garbage first so that it is not counted.
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return { rss: process.memoryUsage().rss };
}

/**
 * Reports that the subject is ready and then serves commands: `usage`,
 * `memory`, and the ones passed.
 *
 * @param {object} ready what the first line says
 * @param {Record<string, (argument: number) => any>} [commands] by name
 */
function control(ready, commands = {}) {
  const all = { usage: () => ({ cpu: cpu() }), memory, ...commands };
  const print = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`);
  let rest = '';
  process.stdin.setEncoding('utf8').on('data', async (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const [name, argument] = line.split(' ');
      print(await all[name](Number(argument)));
    }
  });
  process.stdin.on('end', () => process.exit());
  print(ready);
}

module.exports = { control, cpu };
