'use strict';

/*
 * One end of a shape of traffic, either the subject or its peer:
 *
 *   shape.js MODULE ROW END
 *
 * ROW is a row of `shapes/` and END is `{ end, listens, where }`, both in JSON.
 * `end` is 'subject' or 'peer'; `where` is the address to listen on or connect
 * to. A measurement is four commands to each end: `arm SHARE` (of the row's
 * work), `opened` (answered when all connections are open), `start`, and
 * `result`.
 */

const { serve } = require('./shape/run');
const { works } = require('./shape/works');

function main() {
  const [moduleId, rowText, endText] = process.argv.slice(2);
  const row = JSON.parse(rowText);
  const { end, listens, where } = JSON.parse(endText);
  const Work = works[row.work][listens ? 'Listener' : 'Connector'];
  const work = new Work(require(moduleId), row, end, where);
  if (!listens) {
    serve(work);
    return;
  }
  work.server.listen(where, () => {
    const address = work.server.address();
    serve(work, { port: address.port ?? 0 });
  });
}

main();
