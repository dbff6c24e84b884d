'use strict';

// The worker thread of the scenario `environment`.

const { parentPort, workerData } = require('node:worker_threads');
const { echoes } = require('./scenarios/connections');
const { tcp } = require('./scenarios/ends');
const { Track } = require('./track');

const net = require('../..');

async function main() {
  const track = new Track();
  const context = { net, far: net, track, folder: workerData.folder };
  for (const options of [{}, { offload: true }]) {
    await echoes(context, tcp(), options);
  }
  track.setUp();
  await track.over;
  parentPort.postMessage(track.found());
}

main();
