'use strict';

/* Helpers that build rows. */

const KIBIBYTE = 1024;
const MEBIBYTE = 1024 * KIBIBYTE;
const options = (values) =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, `${value}`]);

/** Returns a row of a server with one request at a time on each connection. */
const requests = (name, title, { server = 'echo', load = 'echo', ...rest }) => {
  const { connections, size, args = {}, ...row } = rest;
  return {
    name,
    title,
    kind: 'server',
    unit: 'requests/s',
    per: 'request',
    subject: ['server.js', server, ...options(args)],
    load: [load, ...options({ connections, size })],
    bare: { epoll: ['serve', 'echo'] },
    ...row,
  };
};

/** Returns an echo row. */
const echo = (name, connections, size, targets) =>
  requests(name, `echo, ${connections} x ${formatSize(size)}`, {
    connections,
    size,
    targets,
    bare: { epoll: ['serve', 'echo'], tokio: ['serve', 'tokio'] },
  });

function formatSize(bytes) {
  if (bytes % MEBIBYTE === 0) return `${bytes / MEBIBYTE} MiB`;
  return bytes % KIBIBYTE === 0 ? `${bytes / KIBIBYTE} KiB` : `${bytes} B`;
}

module.exports = {
  KIBIBYTE,
  MEBIBYTE,
  echo,
  formatSize,
  options,
  requests,
};
