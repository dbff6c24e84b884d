'use strict';

// A chat: lines of text, the first of which is the name. Shows how to split a stream
// into lines, how to keep a slow reader from filling the memory, and how to drop an
// idle connection.

const { once } = require('node:events');
const readline = require('node:readline');
const net = require('..');

const LIMIT = 64 * 1024;
const IDLE_MS = 60_000;

function createChat() {
  const members = new Map();

  function tell(text, except) {
    for (const [socket] of members) {
      if (socket === except) continue;
      socket.write(`${text}\n`);
      // Drops a member that does not read its messages.
      if (socket.writableLength > LIMIT) socket.destroy();
    }
  }

  return net.createServer((socket) => {
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => {});
    readline.createInterface({ input: socket }).on('line', (line) => {
      const name = members.get(socket);
      if (name !== undefined) {
        tell(`${name}: ${line}`, socket);
        return;
      }
      members.set(socket, line);
      socket.write(`welcome ${line}, you are one of ${members.size}\n`);
      tell(`* ${line} is here`, socket);
    });
    socket.on('close', () => {
      const name = members.get(socket);
      members.delete(socket);
      if (name !== undefined) tell(`* ${name} has left`);
    });
  });
}

/** A client that sends lines and records those that it receives. */
function join(address, name) {
  const socket = net.connect(address);
  const lines = readline.createInterface({ input: socket });
  const heard = lines[Symbol.asyncIterator]();
  socket.write(`${name}\n`);
  return {
    say: (text) => socket.write(`${text}\n`),
    next: async () => (await heard.next()).value,
    leave: () => socket.end(),
  };
}

async function main() {
  const chat = createChat();
  await once(chat.listen(0, '127.0.0.1'), 'listening');
  const print = async (name, member) =>
    console.log(`[${name}] ${await member.next()}`);

  const ada = join(chat.address(), 'Ada');
  await print('Ada', ada);
  const bob = join(chat.address(), 'Bob');
  await print('Bob', bob);
  await print('Ada', ada);
  bob.say('Good evening, Ada.');
  await print('Ada', ada);
  ada.say('Good evening, Bob.');
  await print('Bob', bob);
  bob.leave();
  await print('Ada', ada);
  ada.leave();
  chat.close();
  await once(chat, 'close');
  console.log('the chat is over');
}

main();
