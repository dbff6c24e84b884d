'use strict';

/* Explains why the addon cannot be loaded. */

/**
 * The messages of systems that reject a binary, and what each means.
 *
 * @type {Array<{ pattern: RegExp, text: (found: RegExpExecArray) => string }>}
 */
const explanations = [
  {
    pattern: /GLIBC_(\d[\d.]*)' not found/,
    text: ([, version]) =>
      `The binary needs glibc ${version} or newer, and this system's is older. ` +
      'Use a newer distribution, or build rust-net on this one.',
  },
  {
    pattern: /ld-musl|libc\.musl|ld-linux[^ ]*: no such file/i,
    text: () =>
      'The binary was built for another C library (glibc or musl) than this ' +
      'system has. Reinstall rust-net on this system: a node_modules copied ' +
      'from elsewhere keeps the wrong one.',
  },
  {
    pattern: /^(lib[^:]*): cannot open shared object file/m,
    text: ([, name]) => `This system has no ${name}, which the binary needs.`,
  },
  {
    // "cannot open" for an existing file means one of another architecture.
    pattern:
      /\.node: cannot (open shared object|read) file|ELF header|file too short|ELF class|mach-o|wrong architecture/i,
    text: () =>
      'The binary is damaged, or was built for another kind of machine. ' +
      'Reinstall rust-net on this one.',
  },
  {
    pattern: /permission denied|not permitted|failed to map segment/i,
    text: () =>
      'The system does not allow loading the binary from its location. Check ' +
      'its permissions, and whether its file system is mounted with `noexec`.',
  },
  {
    pattern: /undefined symbol|symbol not found/i,
    text: () =>
      'This Node lacks a symbol that the binary needs. rust-net needs Node ' +
      '18.19 or newer, from nodejs.org or a distribution that exports its ' +
      'symbols.',
  },
];

/**
 * Returns the messages of an error and of all its causes.
 *
 * @param {unknown} error
 */
function messagesOf(error) {
  const seen = new Set();
  const walk = (/** @type {unknown} */ each) => {
    if (!(each instanceof Error) || seen.has(each)) return;
    seen.add(each);
    walk(each.cause);
    const { errors } = /** @type {AggregateError} */ (each);
    if (Array.isArray(errors)) errors.forEach(walk);
  };
  walk(error);
  return [...seen].map(({ message }) => message);
}

/**
 * Explains an error of loading the addon.
 *
 * @param {unknown} error
 * @returns {{ reason: string, details: string[] }} an explanation, and the
 *   original messages
 */
function explain(error) {
  const messages = messagesOf(error);
  const details = messages.map((message) => message.split('\n', 1)[0]);
  for (const { pattern, text } of explanations) {
    const found = messages
      .map((message) => pattern.exec(message))
      .find(Boolean);
    if (found) return { reason: text(found), details };
  }
  // The loader's own errors need no explanation.
  const isOwn = error instanceof Error && error.cause === undefined;
  return isOwn
    ? { reason: error.message, details: [] }
    : { reason: 'Loading the binary failed.', details };
}

module.exports = { explain };
