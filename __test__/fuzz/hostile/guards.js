'use strict';

/*
 * The exceptions: targets that are left out or get other arguments, by name and
 * with the reason. Everything else that reflection finds is called.
 */

/** Never called. */
const leftOut = {
  'verb.stopDeferring':
    'ends coalescing for the whole run; lib/handle/native.js calls it at its end',
  'binding.open': 'what it opens lives until the process ends: see openings.js',
  'native.onEvents': 'takes the events of all connections away, as it says',
  'native.onConfirm': 'takes the relays of all connections away, as it says',
};

const ends = /^(?:close|reset|open|relayTo|deposit|share)$/;

/**
 * Replaces the slots of well-behaved connections, as a slot gives access to its
 * handle. Also, a handle of lib/handle/handle.js that is closed through its
 * slot would continue with the slot of another.
 *
 * @returns {any} argument 0 of a native verb
 */
function guardSlot(world, { name }, random) {
  const given = world.values.key({ random, label() {} });
  const mayUse = world.slots.mayUse(toUint32(given), ends.test(name));
  return mayUse ? given : world.slots.ownSlot(random);
}

// Converts a value as N-API reads a number; any other value names no handle.
function toUint32(value) {
  return typeof value === 'number' ? value >>> 0 : undefined;
}

/** Passes only descriptors without another owner. */
function guardDescriptor(world, args, at) {
  const value = args[at];
  const number = typeof value === 'number' ? value | 0 : 0;
  if (number < 0 || number > 10_000 || world.descriptors.has(number)) return;
  args[at] = world.descriptors.make({ random: world.random });
}

/**
 * Replaces arguments that would affect something outside of the test.
 *
 * @param {any} world
 * @param {{ group: string, name: string, parameters: string[] }} target
 * @param {any} receiver
 * @param {any[]} args
 */
function guard(world, { group, name, parameters }, receiver, args) {
  if (group === 'verb') {
    const isFree = world.slots.mayUse(toUint32(args[1]), true);
    if (name === 'relayTo' && !isFree) {
      args[1] = world.slots.ownSlot(world.random);
    }
    if (name === 'open') guardDescriptor(world, args, 1);
    // Requests are completed with this status.
    if (name === 'failWrites') args[1] = -32;
    // Small writes of all connections use this memory.
    if (/^write(Out|Around)$/.test(name)) world.markOut(args[0]);
  }
  const fd = parameters.indexOf('fd');
  if (fd >= 0) guardDescriptor(world, args, fd);
  if (/descriptor$|^duplicate$/i.test(name)) guardDescriptor(world, args, 0);
  if (name === 'setBlocking') {
    // A blocking write to a peer on this thread would never return, as with
    // node.
    const at = group === 'verb' ? 1 : 0;
    const isListener = group !== 'verb' && world.isListener(receiver);
    if (!isListener) args[at] = false;
  }
}

module.exports = { guard, guardSlot, leftOut };
