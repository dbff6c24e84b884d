'use strict';

// The faults of each call, and the outcomes that each fault may have.
//
// unseen  The program continues as without the fault.
// told    It continues as without the fault, or an error is emitted.
// shed    A connection may be closed without an error, as node closes waiting
//         connections when no descriptor is left.
// cut     As told, and no EOF is sent after bytes that were accepted and lost.
//
// EAGAIN, ENOBUFS and a short count are temporary conditions: they hold for the
// moment, and an edge follows (src/sys/faults).

const descriptors = ['EMFILE', 'ENFILE', 'ENOMEM'];
const memory = ['ENOBUFS', 'ENOMEM'];
const sends = {
  unseen: ['EINTR', 'EAGAIN', 'ENOBUFS', 'short', 'zero'],
  told: ['ENOMEM', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'],
};
// No `zero`: it means the peer's EOF, which cannot be taken back.
const receives = {
  unseen: ['EINTR', 'EAGAIN', 'short'],
  told: [...memory, 'ECONNRESET', 'ETIMEDOUT'],
};

/** The faults of each call, by outcome. */
const outcomes = {
  accept4: {
    unseen: ['EINTR', 'EAGAIN', 'ECONNABORTED'],
    told: memory,
    shed: ['EMFILE', 'ENFILE'],
  },
  // A waker that returns EAGAIN is already readable.
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
  // The call is made all the same and then reported as failed: see
  // src/sys/faults.
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
 * How many calls in a row fail. After one EAGAIN the same attempt tries again;
 * after the second it waits for readiness. EMFILE ends when a descriptor is
 * closed, ENFILE does not.
 */
const repeats = { EAGAIN: 2, ENFILE: 4 };

/** Calls that are only made after another has failed, with that other call. */
const leads = {
  'read-pipe': { call: 'splice-out', fault: 'EAGAIN', times: 10 },
};

/**
 * Failures that node:net does not report either, by scenario and call.
 *
 * @type {Record<string, Record<string, string>>}
 */
const asNode = {
  'block list': {
    getpeername: 'a peer whose address the system does not tell is let in',
  },
};

/**
 * Returns the faults of a call.
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
