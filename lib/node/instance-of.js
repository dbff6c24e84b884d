'use strict';

/**
 * Makes `instanceof Class` also true for instances of node's class: users know
 * the objects that node core makes by this class's name. Subclasses of `Class` do
 * not claim them.
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
 * Returns true when `Class` or a subclass made the object: what `instanceof` was
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
