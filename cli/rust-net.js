#!/usr/bin/env node
'use strict';

// `npx rust-net COMMAND`. Loads only the command that is run, because the doctor
// must also work where the addon cannot be loaded.

const commands = {
  doctor: () => require('./doctor').run,
  bench: () => require('./bench').run,
};

const usage = `usage: rust-net doctor            shows what rust-net runs on, and tests it
       rust-net --version         prints the version of this package
       rust-net bench [options]   measures rust-net beside node:net on this machine
         --rounds N               measurements of each (default 5)
         --seconds S              length of one (default 0.5)

The exit code is 0 if everything works, 1 if something does not, and 2 for an
unknown command or option.
`;

// Exits quietly on EPIPE: a reader such as `head` has closed the pipe.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit();
  });
}

async function main([name, ...args]) {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  if (name === '--version' || name === '-v') {
    console.log(require('../package.json').version);
    return 0;
  }
  if (!Object.hasOwn(commands, name ?? '')) {
    if (name !== undefined) {
      process.stderr.write(`rust-net: unknown command ${name}\n`);
    }
    process.stderr.write(usage);
    return 2;
  }
  return commands[name]()(args);
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    console.error(`rust-net: ${error.message}`);
    process.exitCode = 1;
  },
);
