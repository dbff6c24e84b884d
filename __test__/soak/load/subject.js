'use strict';

/*
 * The process under test: its servers have a variant of options each, and it connects
 * to the peers. It runs on rust-net or on node:net.
 */

const http = require('node:http');
const { Client } = require('./client');
const { Driver } = require('./driver');
const { numbersFrom } = require('../../helpers/numbers');
const { variants } = require('./plan');
const {
  Context,
  kindsOfDescriptors,
  obey,
  open,
  sample,
  settle,
  whereIs,
} = require('./context');

/** The number of the subject, where a process has one. */
const GENERATION = 0;

const context = new Context(JSON.parse(process.argv[2]));
const { atOnce, subject, seed } = context.setting;
const isRust = subject === 'rust-net';
const net = isRust ? require('../../..') : require('node:net');
if (isRust) require('../../../http').install();

const client = new Client(context, { net, http, generation: GENERATION });
const below = numbersFrom(seed);
/** Where the peers listen. */
let peers = [];

const optionsOf = ({ variant }) => variants[variant];

context.connect = (plan, generation) => {
  const peer = peers.find((each) => each.generation === generation);
  // The path of a peer that was killed leads nowhere.
  const where = peer?.plain[0] ?? { tcp: 1, unix: '/nowhere' };
  const options = { ...whereIs(where, plan.transport), ...optionsOf(plan) };
  const socket = net.connect(options);
  socket.on('connect', () => context.ledger.connections++);
  return socket;
};

/** Connects to a random peer, as soon as there is one. */
function start(id, done) {
  if (peers.length === 0) return void setTimeout(start, 10, id, done);
  client.start(id, peers[below(peers.length)], optionsOf, done);
}

const ask = () => process.send({ asks: true });
const driver = new Driver(atOnce, ask, start);

obey({
  block: (number) => driver.add(number, 1),
  peer: (peer) => peers.push(peer),
  /** Notes that a peer is about to be killed. */
  lose(generation) {
    context.killed.add(generation);
    peers = peers.filter((peer) => peer.generation !== generation);
  },
  hold() {
    driver.isHeld = true;
  },
  async settle() {
    await context.ledger.idle();
    client.renew();
    await settle(context.ledger);
    return { ...sample(context.ledger), kinds: kindsOfDescriptors() };
  },
  go() {
    driver.isHeld = false;
    driver.fill();
  },
  sample: () => sample(context.ledger),
  states: () => [...context.ledger.open].map(String),
});

context.ledger.onProblem = (problem) => process.send({ problem });

open(context, {
  ...{ net, http, options: variants, isSubject: true, name: 'subject' },
}).then((servers) => process.send({ servers }));
