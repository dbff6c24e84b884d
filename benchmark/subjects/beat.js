'use strict';

const INTERVAL = 10;

/**
 * Starts an interval of 10 ms that records how late each beat is.
 *
 * @returns {() => number | undefined} the microseconds that 99 of 100 beats
 *   were not later than, of those since the last call; undefined for none
 */
function startBeat() {
  let late = [];
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    late.push(now - last - INTERVAL);
    last = now;
  }, INTERVAL);
  return () => {
    const sorted = late.sort((a, b) => a - b);
    late = [];
    return sorted[Math.floor(sorted.length * 0.99)] * 1000;
  };
}

module.exports = { startBeat };
