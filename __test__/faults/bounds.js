'use strict';

// The calls that a run may make for the work that it had to do: one formula a kind
// of call, the same for every scenario. `c` is the rule engine's counts, `w` a Work.

const { LARGE } = require('./work');

const sum = (counts, names) => names.reduce((all, it) => all + counts[it], 0);
const reads = ['recv', 'read', 'splice-in'];
const sends = ['send', 'write', 'writev', 'splice-out'];

/** What was answered with anything but EAGAIN. */
const useful = (c, names) => sum(c.reached, names) - sum(c.blocked, names);

const connections = (w) => w.connects + w.accepted;
const handles = (w) => connections(w) + w.listeners;
/** Pieces in which a kernel takes what is much, and a relay moves it. */
const pieces = (bytes) => Math.ceil(bytes / (2 * LARGE));

const asksOfConnect = process.env.RUST_NET_DRIVER === 'threaded' ? 2 : 1;

const each = (name, most) => ({ name, made: (c) => c.reached[name], most });

const bounds = [
  {
    // Each brings a chunk, or the one end that a connection has.
    name: 'reads that bring something',
    made: (c) => useful(c, reads),
    most: (w) => w.chunks + connections(w) + w.relayed,
  },
  {
    // A connection is looked at once before it is registered. Behind a large chunk
    // there is probably more.
    name: 'reads for nothing',
    made: (c) => sum(c.blocked, reads),
    most: (w) => connections(w) + 4 + (w.large >> 5) + w.relayed,
  },
  {
    name: 'reads for nothing, and with no event since the last one',
    made: (c) => sum(c.futile, reads),
    most: () => 0,
  },
  {
    name: 'sends that take something',
    made: (c) => useful(c, sends),
    most: (w) => w.writes + pieces(w.written) + w.relayed,
  },
  {
    // A kernel that has just become full is asked with poll, and says so to a relay twice.
    name: 'sends for nothing',
    made: (c) => sum(c.blocked, sends),
    most: (w) => pieces(w.written) + w.relayed,
  },
  {
    // What the thread that offloads could not send is tried again by JavaScript's, and
    // what a relay could not send by the streams.
    name: 'sends for nothing, and with no event since the last one',
    made: (c) => sum(c.futile, sends),
    most: (w) => 1 + (pieces(w.written) >> 2),
  },
  // One that brings a connection, one that finds no more, and one for a connect, which
  // asks the listener that it has reached, and no other.
  each('accept4', (w) => 2 * w.accepted + w.connects + 2),
  each('socket', (w) => w.connects + w.listeners),
  each('bind', (w) => w.listeners + w.questions),
  each('listen', (w) => w.listeners),
  each('connect', (w) => w.connects),
  each('shutdown', connections),
  // What wakes the thread of JavaScript is watched, too.
  each('epoll_ctl', (w) => handles(w) + 1),
  // The pipe of relays has two ends.
  each('close', (w) => handles(w) + 2),
  each('setsockopt', (w) => 2 * w.listeners + 4 * w.questions),
  // Whether a connect has failed, and what an adopted descriptor is.
  each('getsockopt', (w) => w.connects + 2 * w.adopted + w.questions),
  // Where a listener is, for `address()` and for connects that may reach it.
  each('getsockname', (w) => 2 * w.listeners + w.adopted + w.questions),
  // Which listener a connect may have reached: at its outcome, and by the threaded driver
  // when it has begun, too.
  each(
    'getpeername',
    (w) => (w.listeners && asksOfConnect * w.connects) + w.questions,
  ),
  each('fcntl', (w) => 2 * (w.listeners + w.adopted)),
  each('dup', (w) => w.adopted),
  // How much has come is asked before a chunk that follows a large one, and after it
  // by JavaScript and by the native side.
  each('ioctl', (w) => 2 + 3 * w.chunks),
  each('waker-send', (w) => w.writes),
  each('waker-recv', (w) => 2 * w.writes),
];

/** What a run has made of each kind, and what it may have made. */
function measure(counts, work) {
  return bounds.map(({ name, made, most }) => ({
    name,
    made: made(counts),
    most: most(work),
  }));
}

module.exports = { measure };
