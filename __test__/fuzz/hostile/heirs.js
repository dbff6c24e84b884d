'use strict';

/*
 * Handles of classes that a program has derived from rust-net's. Their constructors
 * are the program's: node's handles call none for what they accept.
 */

class Heirs {
  #isMaking = false;
  #classes = new Map();

  constructor(world) {
    this.world = world;
  }

  /**
   * @param {any} Class TCP or Pipe
   * @param {number} type
   * @returns {any} a handle of it, or of a class below it
   */
  make(Class, type) {
    if (!this.world.random.chance(40)) return new Class(type);
    this.#isMaking = true;
    try {
      return new (this.#classOf(Class))(type);
    } finally {
      this.#isMaking = false;
    }
  }

  #classOf(Class) {
    if (!this.#classes.has(Class)) {
      this.#classes.set(Class, this.#derive(Class));
    }
    return this.#classes.get(Class);
  }

  #derive(Class) {
    const check = () => {
      if (this.#isMaking) return;
      this.world.found('class', `a constructor of the program's was called`);
    };
    return class extends Class {
      constructor(...args) {
        super(...args);
        check();
      }
    };
  }
}

module.exports = { Heirs };
