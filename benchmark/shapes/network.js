'use strict';

/*
 * A network with Ethernet's packet size: a pair of virtual devices with an MTU
 * of 1,500 and without segmentation offload. One of them is in its own
 * namespace. Both are created for a run and removed at its end.
 */

const { spawnSync } = require('node:child_process');

const MTU = 1500;
let networks = 0;

/**
 * Returns two addresses of a block of four. The range 198.18.0.0/15 is reserved
 * for benchmarks.
 */
function addresses(number) {
  const [third, fourth] = [number % 250, 4 * ((number >> 8) % 60)];
  return [1, 2].map((i) => `198.18.${third}.${fourth + i}`);
}

/** Runs `ip`; throws its error output if it fails. */
function ip(line) {
  const { error, status, stderr } = spawnSync('ip', line.split(' '), {
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(stderr.trim());
}

/**
 * @typedef {object} Network
 * @property {string} near the address outside the namespace
 * @property {string} far the address in it
 * @property {string[]} enter the command that runs another in the namespace
 * @property {() => void} remove
 */

/**
 * @returns {Network} whose parts are gone after `remove`, or with this process
 * @throws where this is not permitted, or not Linux
 */
function makeNetwork() {
  const name = `rnb${process.pid}x${++networks}`;
  const [nearAddress, farAddress] = addresses(process.pid + networks);
  const [near, far] = [`${name}n`, `${name}f`];
  const device = `mtu ${MTU} gso_max_segs 1`;
  const remove = () => {
    spawnSync('ip', ['link', 'del', near]);
    spawnSync('ip', ['netns', 'del', name]);
  };
  ip(`netns add ${name}`);
  process.once('exit', remove);
  try {
    ip(
      `link add ${near} ${device} type veth peer name ${far} ${device} ` +
        `netns ${name}`,
    );
    ip(`address add ${nearAddress}/30 dev ${near}`);
    ip(`link set ${near} up`);
    ip(`-n ${name} address add ${farAddress}/30 dev ${far}`);
    ip(`-n ${name} link set ${far} up`);
  } catch (error) {
    remove();
    throw error;
  }
  const enter = ['ip', 'netns', 'exec', name];
  return { near: nearAddress, far: farAddress, enter, remove };
}

module.exports = { makeNetwork };
