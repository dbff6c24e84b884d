'use strict';

/*
 * Lists of chunks: some interfere while they are read, and some are not lists.
 */

const numbers = [
  ...[0, -0, 1, -1, 2, 3, 5, 7, 64, 511, 1.5, NaN, Infinity, -Infinity],
  ...[65_535, 65_536, 2 ** 31 - 1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32],
  ...[2 ** 32 + 1, 2 ** 53, 2 ** 53 - 1, -(2 ** 53), Number.MIN_VALUE, 1e300],
];

/** The hostile values that are lists. */
class Lists {
  /** Returns a list of chunks, in either of node's two forms. */
  list(call) {
    const { random } = call;
    const isLong = random.chance(2);
    const count = isLong
      ? random.pick([64, 1023, 1025, 2100])
      : random.below(7);
    call.label(`list(${count})`);
    const list = [];
    const isMixed = random.chance(40);
    call.isMixed = isMixed;
    // A long one repeats itself.
    const same = isLong ? this.small(call) : undefined;
    for (let i = 0; i < count; i++) {
      list.push(same ?? this.element(call, isMixed));
      if (isMixed) list.push(this.encoding(call));
    }
    if (isLong) call.given += count * 100;
    call.lists.push(list);
    return this.twisted(list, call);
  }

  small(call) {
    call.given += 100;
    return new Uint8Array(100).fill(call.mark.byte);
  }

  element(call, isMixed) {
    if (isMixed && call.random.chance(60)) return this.text(call);
    const element = call.random.chance(97) ? this.bytes(call) : this.any(call);
    if (typeof element === 'string') call.sends(element);
    return element;
  }

  // Returns the list, or one like it that interferes while it is read.
  twisted(list, call) {
    const { random } = call;
    const place = random.below(list.length + 1);
    return random.among([
      [50, () => list],
      [30, () => this.withGetter(list, place, call)],
      [6, () => this.proxied(list, call)],
      [5, () => Object.assign(list, { length: list.length + random.below(4) })],
      [2, () => ({ ...list, length: random.pick(numbers) })],
      [2, () => Object.setPrototypeOf(list, null)],
      [2, () => Object.assign(Object.create(Array.prototype), list)],
    ]);
  }

  withGetter(list, place, call) {
    const value = list[place] ?? this.small(call);
    let looks = 0;
    Object.defineProperty(list, place, {
      configurable: true,
      get: () => {
        call.interfere(`getter ${place}`);
        return looks++ === 0 || call.random.chance(60)
          ? value
          : this.small(call);
      },
      set() {},
    });
    return list;
  }

  // Limits the number of reads, as an endless list would only keep its caller
  // busy.
  proxied(list, call) {
    let left = 200;
    return new Proxy(list, {
      get(target, name, receiver) {
        if (left-- < 0) return undefined;
        if (call.random.chance(20)) call.interfere('proxy');
        return Reflect.get(target, name, receiver);
      },
    });
  }
}

module.exports = { Lists, numbers };
