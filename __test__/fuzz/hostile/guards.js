'use strict';

/*
 * What is left out, or is given other arguments, by name and with the reason. The
 * list is short: everything else that reflection finds is called.
 */

/** Never called. */
const leftOut = {
  'verb.stopDeferring':
    'ends coalescing for the whole run; lib/handle/native.js calls it at its end',
  'binding.open': 'what it opens lives until the process ends: see openings.js',
  'native.onEvents': 'takes the events of all connections away, as it says',
  'native.onQuestions': 'takes the relays of all connections away, as it says',
};

const ends = /^(?:close|reset|open|relayTo|deposit|share)$/;

/**
 * The slot of a handle gives access to it: those of well-behaved
 * connections are left out. And a handle of lib/handle/handle.js that is closed behind
 * its back would go on with the slot of another.
 *
 * @returns {any} argument 0 of a native verb
 */
function guardSlot(world, { name }, random) {
  const given = world.values.key({ random, label() {} });
  const mayUse = world.slots.mayUse(toUint32(given), ends.test(name));
  return mayUse ? given : world.slots.ownSlot(random);
}

// As N-API reads a number; what is none names no handle.
function toUint32(value) {
  return typeof value === 'number' ? value >>> 0 : undefined;
}

/** A descriptor has one owner: only those that nobody else has are given. */
function guardDescriptor(world, args, at) {
  const value = args[at];
  const number = typeof value === 'number' ? value | 0 : 0;
  if (number < 0 || number > 10_000 || world.descriptors.has(number)) return;
  args[at] = world.descriptors.make({ random: world.random });
}

/**
 * Puts arguments in the place of those that would do what they say, to others.
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
    // Requests are completed with it.
    if (name === 'failWrites') args[1] = -32;
    // Small writes of all connections pass through this memory.
    if (name === 'writeOut') world.markOut(args[0]);
  }
  const fd = parameters.indexOf('fd');
  if (fd >= 0) guardDescriptor(world, args, fd);
  if (/descriptor$|^duplicate$/i.test(name)) guardDescriptor(world, args, 0);
  if (name === 'setBlocking') {
    // A write to a peer on this thread would wait for ever, as with node.
    const at = group === 'verb' ? 1 : 0;
    const isListener = group !== 'verb' && world.isListener(receiver);
    if (!isListener) args[at] = false;
  }
}

module.exports = { guard, guardSlot, leftOut };
