'use strict';

// What each call can give, and what may come of it.
//
// unseen  The program goes on as without it.
// told    It goes on as without it, or an error is emitted.
// shed    A connection may be closed without a word, as node closes those that
//         wait when no descriptor is left.
// cut     As told, and no end is sent behind bytes that were taken and lost.
//
// EAGAIN, ENOBUFS and a short count are passing conditions: what the kernel
// says in them holds for the moment, and an edge follows (src/sys/faults).

const descriptors = ['EMFILE', 'ENFILE', 'ENOMEM'];
const memory = ['ENOBUFS', 'ENOMEM'];
const sends = {
  unseen: ['EINTR', 'EAGAIN', 'ENOBUFS', 'short', 'zero'],
  told: ['ENOMEM', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'],
};
// No `zero`: that is the peer's end, which is not to be taken back.
const receives = {
  unseen: ['EINTR', 'EAGAIN', 'short'],
  told: [...memory, 'ECONNRESET', 'ETIMEDOUT'],
};

/** By call: by outcome: the faults. */
const outcomes = {
  accept4: {
    unseen: ['EINTR', 'EAGAIN', 'ECONNABORTED'],
    told: memory,
    shed: ['EMFILE', 'ENFILE'],
  },
  // A bell that says EAGAIN has been rung already.
  'waker-recv': { unseen: ['EINTR', 'EAGAIN', ...memory] },
  'waker-send': { unseen: ['EINTR', ...memory] },
  bind: { told: [...memory, 'EADDRINUSE', 'EACCES'] },
  close: { unseen: ['EINTR', 'EIO'] },
  connect: {
    unseen: ['EINTR'],
    told: [...memory, 'EAGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT'],
  },
  dup: { told: descriptors },
  epoll_create1: { told: descriptors },
  epoll_ctl: { told: ['ENOMEM', 'ENOSPC'] },
  eventfd: { told: descriptors },
  fcntl: { told: ['ENOMEM', 'EINTR'] },
  getpeername: { told: memory },
  getsockname: { told: memory },
  getsockopt: { told: memory },
  ioctl: { unseen: ['ENOMEM'] },
  listen: { told: [...memory, 'EADDRINUSE'] },
  open: { unseen: descriptors },
  pipe2: { unseen: descriptors },
  read: receives,
  'read-pipe': { unseen: ['EINTR', 'short'], cut: ['ENOMEM'] },
  recv: receives,
  send: sends,
  setsockopt: { told: memory },
  // Made all the same, and then reported as failed: see src/sys/faults.
  shutdown: { unseen: ['EINTR', 'ENOBUFS', 'ENOTCONN'] },
  socket: { told: [...descriptors, 'ENOBUFS'] },
  socketpair: { unseen: descriptors },
  'splice-in': {
    unseen: ['EINTR', 'EAGAIN', 'short'],
    told: ['ENOMEM', 'ECONNRESET', 'ETIMEDOUT'],
  },
  'splice-out': sends,
  write: sends,
  writev: sends,
};

/**
 * How many calls in a row fail. One EAGAIN alone is tried again within the same
 * attempt; after the second, readiness is waited for. EMFILE is over when a
 * descriptor has been closed, ENFILE is not.
 */
const repeats = { EAGAIN: 2, ENFILE: 4 };

/** Calls that are made where another has failed: the one that leads to them. */
const leads = {
  'read-pipe': { call: 'splice-out', fault: 'EAGAIN', times: 10 },
};

/**
 * What is quiet in node:net, too, by scenario and call.
 *
 * @type {Record<string, Record<string, string>>}
 */
const asNode = {
  'block list': {
    getpeername: 'a peer whose address the system does not tell is let in',
  },
};

/**
 * The faults of a call.
 *
 * @param {string} call
 * @returns {{ fault: string, outcome: string, isFirst: boolean }[]} the first
 *   of an outcome stands for it
 */
function faultsOf(call) {
  return Object.entries(outcomes[call] ?? {}).flatMap(([outcome, faults]) =>
    faults.map((fault, i) => ({ fault, outcome, isFirst: i === 0 })),
  );
}

module.exports = {
  asNode,
  calls: Object.keys(outcomes),
  faultsOf,
  leads,
  repeats,
};
