'use strict';

/*
 * A peer of the soak: a process on node's own sockets that connects to the subject,
 * and that the subject connects to. It is stopped and killed at random.
 */

const http = require('node:http');
const net = require('node:net');
const { Client } = require('./client');
const { Driver } = require('./driver');
const { Context, obey, open, sample, settle } = require('./context');

const context = new Context(JSON.parse(process.argv[2]));
const { atOnce, generation, subject } = context.setting;
const client = new Client(context, { net, http, generation });

/** Options of the connecting side of a plan. */
function optionsOf({ style, highWaterMark }) {
  return { allowHalfOpen: style === 'both', highWaterMark };
}

const driver = new Driver(
  atOnce,
  () => process.send({ asks: true }),
  (id, done) => client.start(id, subject, optionsOf, done),
);

async function hold() {
  driver.isHeld = true;
  await context.ledger.idle();
  client.renew();
  await settle(context.ledger);
}

obey({
  block: (number) => driver.add(number, 0),
  hold,
  go() {
    driver.isHeld = false;
    driver.fill();
  },
  sample: () => sample(context.ledger),
  states: () => [...context.ledger.open].map(String),
  /** Resets every connection, and ends. */
  reset() {
    for (const socket of context.sockets) {
      if (socket.remoteAddress) socket.resetAndDestroy();
      else socket.destroy();
    }
    process.exit();
  },
});

context.ledger.onProblem = (problem) => process.send({ problem });

open(context, {
  ...{ net, http, isSubject: false, name: `peer-${generation}` },
  options: [
    { allowHalfOpen: true },
    { allowHalfOpen: true, highWaterMark: 64 },
  ],
}).then((servers) => process.send({ servers: { ...servers, generation } }));
