'use strict';

/*
 * How a subject is talked to, the same as the native programs: it prints a line
 * of JSON when it is ready, and answers each line that comes in on standard
 * input with another. When standard input ends, so does the subject.
 */

function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function memory() {
  // With --expose-gc: what nobody needs any more is nobody's memory.
  for (let i = 0; i < 3; i++) globalThis.gc?.();
  return { rss: process.memoryUsage().rss };
}

/**
 * Says that the subject is ready, and serves commands from then on: `usage`,
 * `memory`, and the ones given.
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
