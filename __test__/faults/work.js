'use strict';

// What a run has had to do, as far as its program can see it. The calls that this
// may cost are in bounds.js.

const fs = require('node:fs');

/** From so many bytes on a read is followed by another, to see whether there is more. */
const LARGE = 32 * 1024;

/** How many descriptors this process has open, but the one that they are read with. */
const openDescriptors = () => fs.readdirSync('/proc/self/fd').length - 1;

class Work {
  /** Servers. */
  listeners = 0;
  /** Sockets that have connected somewhere, or that came another way. */
  connects = 0;
  /** Descriptors that were handed over. */
  adopted = 0;
  /** Options that were set, addresses that were asked for. */
  questions = 0;
  /** Sockets that a server has accepted. */
  accepted = 0;
  /** Calls of write(), and their bytes. */
  writes = 0;
  written = 0;
  /** Chunks that were received, those that are large or fill their room, all their bytes. */
  chunks = 0;
  large = 0;
  received = 0;
  /** Steps of a relay, which nobody sees. */
  relayed = 0;
  /** How many descriptors were open, each time that a socket came. */
  #open = null;

  /** From here on the open descriptors are counted, which takes time. */
  watchDescriptors() {
    this.#open = [openDescriptors()];
  }

  listen() {
    this.listeners += 1;
  }

  connect(socket) {
    if (socket.server) this.accepted += 1;
    else this.connects += 1;
    this.#open?.push(openDescriptors());
  }

  write(length) {
    this.writes += 1;
    this.written += length;
  }

  /** Takes note of a chunk; `room` is what there was of it, where that was little. */
  take(length, room = Infinity) {
    this.chunks += 1;
    this.received += length;
    if (length >= LARGE || length === room) this.large += 1;
  }

  /** Adds what another track has noted. */
  add(other) {
    for (const [name, count] of Object.entries(other)) this[name] += count;
  }

  /** The most descriptors that were open, and how many as a rule. */
  descriptors() {
    const open = [...(this.#open ?? [])].sort((a, b) => a - b);
    return { most: open.at(-1) ?? 0, usual: open[open.length >> 1] ?? 0 };
  }
}

module.exports = { LARGE, Work };
