'use strict';

/*
 * Measures the first `require`: `node require.js MODULE` prints its
 * milliseconds and the CPU time of the process until then.
 */

const start = performance.now();
const net = require(process.argv[2]);
const took = performance.now() - start;

if (typeof net.connect !== 'function') throw new Error('not a net module');
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ took, cpu: user + system }));
