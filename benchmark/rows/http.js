'use strict';

/* The rows of node:http and fetch, on the sockets of either module. */

const { KIBIBYTE, formatSize, options, requests } = require('./common');

const SMALL = 12;
const LARGE = 64 * KIBIBYTE;

const http = (name, size, row) =>
  requests(name, `http, 64 x ${formatSize(size)}`, {
    server: 'http',
    load: 'http',
    connections: 64,
    size,
    args: { size },
    bare: { epoll: ['serve', 'http', ...options({ size })] },
    ...row,
  });

/** Returns the same row measured with wrk. */
const httpByWrk = (name, size, targets) => {
  const row = http(name, size, { load: 'wrk', targets });
  return { ...row, title: `${row.title}, wrk` };
};

/** Returns a row in which the client is under test. */
const client = (name, title, way, targets) => ({
  name,
  title,
  kind: 'client',
  unit: 'requests/s',
  per: 'request',
  peer: ['http', ...options({ size: SMALL })],
  subject: [
    'http-client.js',
    way,
    ...options({ connections: 64, size: SMALL }),
  ],
  targets,
});

const small = [{ must: 1.15, goal: 1.5 }];
const large = [{ must: 1, goal: 1.1 }];

/**
 * Returns rows with node:http's servers, its Agent and fetch.
 *
 * @param {{ wrk: boolean }} settings whether wrk is there
 */
const httpRows = ({ wrk }) => {
  const post = http('http-post', SMALL, { server: 'httpPost' });
  const json = http('http-json', KIBIBYTE, { server: 'httpJson' });
  return [
    http('http', SMALL, { targets: small }),
    {
      ...json,
      title: 'http, 64 x JSON of 1 KiB',
      load: [...json.load, ...options({ json: true })],
      bare: {},
      targets: [{ must: 1.15, goal: 1.4 }],
    },
    http('http-64k', LARGE, { targets: large }),
    {
      ...post,
      title: 'http, 64 x POST of 64 KiB',
      load: [...post.load, ...options({ upload: LARGE })],
      bare: {},
      targets: [{ must: 1, goal: 1.2 }],
    },
    client('http-agent', 'http client, 64 x 12 B', 'agent', [
      { must: 1.1, goal: 1.3 },
    ]),
    client('fetch', 'fetch, 64 x 12 B', 'fetch', [{ must: 1, goal: 1.2 }]),
    ...(wrk
      ? [
          httpByWrk('http-wrk', SMALL, small),
          httpByWrk('http-64k-wrk', LARGE, large),
        ]
      : []),
  ];
};

module.exports = { httpRows };
