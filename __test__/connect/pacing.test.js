'use strict';

// When the attempts of a parallel race start, in simulated time.

const assert = require('node:assert');
const test = require('node:test');
const { Pacing } = require('../../lib/connect/pacing');
const { numbersFrom } = require('../helpers/numbers');

const DELAY = 250;

/** Timers that run without waiting, in the order of their time. */
class Clock {
  constructor() {
    Object.assign(this, { now: 0, due: [], count: 0 });
  }

  setTimeout(act, milliseconds) {
    const timer = { at: this.now + milliseconds, order: this.count++, act };
    this.due.push(timer);
    return timer;
  }

  clearTimeout(timer) {
    this.due = this.due.filter((one) => one !== timer);
  }

  /** Runs everything in its order. */
  run() {
    while (this.due.length > 0) {
      this.due.sort((a, b) => a.at - b.at || a.order - b.order);
      const { at, act } = this.due.shift();
      this.now = at;
      act();
    }
  }
}

/**
 * Plays a race. Each address takes a time from its start, and then connects or not.
 *
 * @param {{ time: number, connects: boolean }[]} addresses
 * @returns {{ starts: number[], winner: number | undefined, at: number }}
 */
function play(addresses) {
  const clock = new Clock();
  const starts = [];
  let winner;
  let over;
  const pacing = new Pacing(
    {
      count: addresses.length,
      delay: DELAY,
      start(index) {
        const { time, connects } = addresses[index];
        starts[index] = clock.now;
        if (time === 0 && !connects) return false;
        clock.setTimeout(() => {
          if (winner !== undefined) return;
          if (!connects) {
            pacing.fail(index);
            return;
          }
          winner = index;
          over = clock.now;
          pacing.stop();
        }, time);
        return true;
      },
      giveUp: () => (over = clock.now),
    },
    clock,
  );
  pacing.startNext();
  clock.run();
  return { starts, winner, at: over };
}

/**
 * What RFC 8305 has, step by step of a millisecond: the next address is tried when the
 * newest attempt is 250 ms old or has failed, or when all have failed.
 */
function expected(addresses) {
  const starts = [];
  const failed = new Set();
  for (let now = 0; ; now++) {
    const ends = starts.map((start, i) => start + addresses[i].time);
    const done = ends.flatMap((end, i) => (end === now ? [i] : []));
    const order = done.sort((a, b) => starts[a] - starts[b] || a - b);
    for (const index of order) {
      if (addresses[index].connects) return { starts, winner: index, at: now };
      failed.add(index);
    }
    for (;;) {
      const newest = starts.length - 1;
      const isDue =
        starts.length === 0 ||
        failed.size === starts.length ||
        failed.has(newest) ||
        now - starts[newest] >= DELAY;
      if (!isDue || starts.length === addresses.length) break;
      starts.push(now);
      const { time, connects } = addresses[starts.length - 1];
      if (time === 0 && !connects) failed.add(starts.length - 1);
    }
    if (failed.size === addresses.length) {
      return { starts, winner: undefined, at: now };
    }
  }
}

test('10,000 random races have the winner of RFC 8305', () => {
  const below = numbersFrom(8305);
  const winners = new Map();
  for (let seed = 0; seed < 10_000; seed++) {
    const addresses = Array.from({ length: 1 + below(6) }, () => ({
      time: 1 + below(1200),
      connects: below(3) > 0,
    }));
    const race = play(addresses);
    assert.deepStrictEqual(race, expected(addresses), `race ${seed}`);
    winners.set(race.winner, (winners.get(race.winner) ?? 0) + 1);
  }
  // Also races that nobody wins, and those that a later address wins.
  assert.ok(winners.get(undefined) > 100 && winners.get(3) > 100);
});

test('an address that fails at once costs no time', () => {
  const refused = { time: 0, connects: false };
  const good = { time: 5, connects: true };
  assert.deepStrictEqual(play([refused, refused, good]), {
    starts: [0, 0, 0],
    winner: 2,
    at: 5,
  });
});
