'use strict';

/**
 * Has `instanceof` say yes to the instances of node's class too: objects that
 * node core made are of the class that users know by this name. For `Class`
 * alone: a subclass must not claim them.
 *
 * @param {Function} Class
 * @param {Function} NodeClass
 */
function claimInstances(Class, NodeClass) {
  const isInstance = Function.prototype[Symbol.hasInstance];
  Object.defineProperty(Class, Symbol.hasInstance, {
    value(object) {
      if (isInstance.call(this, object)) return true;
      return this === Class && object instanceof NodeClass;
    },
    configurable: true,
  });
}

/**
 * Whether `object` was made by `Class` or a subclass: what `instanceof` said
 * before `claimInstances`.
 *
 * @param {Function} Class
 * @param {any} object
 * @returns {boolean}
 */
function isOwnInstance(Class, object) {
  return Function.prototype[Symbol.hasInstance].call(Class, object);
}

module.exports = { claimInstances, isOwnInstance };
