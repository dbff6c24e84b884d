'use strict';

// What is done while a call fails: each scenario opens, sends and closes, and
// ends by itself whatever one fault does to it.
//
// A scenario is given `net` (under test), `far` (for ends that no fault is meant
// for), `bridge`, `native` (lib/handle/native.js), `track` and `folder` (for Unix-domain
// sockets).

const {
  acceptsUnderLoad,
  blocks,
  echoes,
  freePort,
  halfCloses,
  listensAgain,
  proxied,
  races,
  refused,
  resets,
  takesOptions,
} = require('./scenarios/connections');
const {
  readsInto,
  stopsReading,
  writesLarge,
  writesStrings,
} = require('./scenarios/downloads');
const { tcp, unix } = require('./scenarios/ends');
const {
  moves,
  opensEnvironment,
  takesDescriptors,
} = require('./scenarios/moves');
const { coalesces, fillsKernel, relays } = require('./scenarios/streams');

/** By name: what is done. Node's own end of it, `far`, is not reached by faults. */
const scenarios = {
  'echo over TCP': (c) => echoes(c, tcp()),
  'echo over Unix': (c) => echoes(c, unix(c)),
  'behind a proxy': proxied,
  'connect, refused': async (c) =>
    refused(c, { port: await freePort(c), host: '127.0.0.1' }),
  'connect, no such path': (c) => refused(c, unix(c)),
  'connect, two addresses': races,
  listen: listensAgain,
  'accept, TCP': (c) => acceptsUnderLoad(c, tcp()),
  'accept, Unix': (c) => acceptsUnderLoad(c, unix(c)),
  'half-close, TCP': (c) => halfCloses(c, tcp()),
  'half-close, Unix': (c) => halfCloses(c, unix(c)),
  reset: (c) => resets(c, tcp(), false),
  'reset of a paused reader': (c) => resets(c, tcp(), true),
  'reading that stops': (c) => stopsReading(c, tcp()),
  relay: (c) => relays(c, 1, tcp),
  'relay, Unix': (c) => relays(c, 1, () => unix(c)),
  'relay, two hops': (c) => relays(c, 2, tcp),
  'large writes, TCP': (c) => writesLarge(c, tcp()),
  'large writes, Unix': (c) => writesLarge(c, unix(c)),
  'coalesced writes': (c) => coalesces(c, tcp(), { coalesce: true }),
  'writes through': (c) => coalesces(c, tcp(), { coalesce: false }),
  offload: (c) => coalesces(c, tcp(), { offload: true }),
  'offload, a full kernel': (c) => fillsKernel(c, unix(c), { offload: true }),
  'coalesced writes, a full kernel': (c) =>
    fillsKernel(c, unix(c), { coalesce: true }),
  onread: readsInto,
  strings: writesStrings,
  'block list': blocks,
  options: takesOptions,
  'detach and attach': (c) =>
    moves(c, tcp(), (socket) => c.bridge.attach(c.bridge.detach(socket))),
  'detach and attach, Unix': (c) =>
    moves(c, unix(c), (socket) => c.bridge.attach(c.bridge.detach(socket))),
  'to node': (c) => moves(c, tcp(), c.bridge.toNode),
  'from node': (c) => moves(c, tcp(), c.bridge.fromNode, c.far),
  descriptors: takesDescriptors,
  environment: opensEnvironment,
};

/** What the short form fails alone in a scenario that takes long. */
const shortCalls = {
  environment: ['epoll_create1', 'eventfd', 'ioctl', 'open', 'socketpair'],
};

module.exports = { scenarios, shortCalls };
