'use strict';

// The tests that need what Windows does not have, by name, with the reason. Except
// for those of the second group, node:net does not pass them there either.

const noFile = "a pipe's name is no path in the file system";
const noHalf = 'a pipe that was ended is closed a moment later';
const notNumbered = 'handles have no descriptor to be asked through';
const noShare = 'pipes cannot be duplicated or sent';
const notCounted = 'descriptors are counted by /proc';
const noReuse = 'there is no SO_REUSEPORT';
const noFullQueue = 'a listener with a full queue refuses';
const noSyntax = 'what is too long for a path on Unix is none here';

const reasons = {
  // Files.
  'a path through a file': noFile,
  'a path of 106 bytes': noFile,
  'a path of 107 bytes': noFile,
  'a path of 108 bytes': noFile,
  'an unreadable folder': noFile,
  'a path in use, and one that is stale': noFile,
  'a relative path': noFile,
  'exits: an unref()ed Unix server': noFile,
  'an abstract name leaves no file': noFile,
  'echo over a Unix socket, chunk by chunk': noFile,
  'modes of a path: {"readableAll":true,"writableAll":true}': noFile,
  'modes of a path: {"readableAll":true}': noFile,
  'modes of a path: {"writableAll":true}': noFile,
  'modes of a path: {}': noFile,
  // Others.
  'a backlog that cannot be made a number': 'node aborts',
  // Half-open pipes.
  'Unix: allowHalfOpen answers after the end': noHalf,
  'Unix: an idle half-closed peer does not spin': noHalf,
  'Unix: the client half-open, the server ends': noHalf,
  'the same on a Unix socket': noHalf,
  // Descriptors.
  'a descriptor that is open becomes a socket': notNumbered,
  '_createServerHandle makes a handle or an errno': notNumbered,
  'a server listens on the descriptor of another': notNumbered,
  "a socket as a child's standard output": noShare,
  'a Unix socket that a child takes over': noShare,
  'keepAlive with interval and count': notNumbered,
  'listen({ fd }) of what is no socket': notNumbered,
  "listen(handle) of node's, Unix": notNumbered,
  'options of connect': notNumbered,
  'options of the server hold for what it accepts': notNumbered,
  'rr: workers share a path': noShare,
  'none: workers share a path': noShare,
  'setKeepAlive after connect, in seconds': notNumbered,
  'setKeepAlive before connect, an object': notNumbered,
  'setKeepAlive before connect, four arguments': notNumbered,
  'setKeepAlive changes one thing of many': notNumbered,
  'setKeepAlive with as much as Node 18 knows': notNumbered,
  'setKeepAlive, an object': notNumbered,
  'setKeepAlive, four arguments': notNumbered,
  'setNoDelay after connect': notNumbered,
  'setNoDelay and setKeepAlive before connect': notNumbered,
  'setTypeOfService before and after connect': notNumbered,
  'server.listenFD': notNumbered,
  'typeOfService as an option': notNumbered,
  'typeOfService of IPv6': notNumbered,

  // Tests of rust-net alone.
  'a connect takes too long': noFullQueue,
  'a listener of the failed attempt destroys the socket': noFullQueue,
  'a socket may connect again after it': noFullQueue,
  'every attempt of a race takes too long': noFullQueue,
  'none: 0 and undefined': noFullQueue,
  'the error has the local address': noFullQueue,
  'the first attempt of a race takes too long': noFullQueue,
  'Unix: AsyncLocalStorage in every callback': noHalf,
  "a Unix socket becomes node's": noShare,
  'a Unix socket goes to a worker': noShare,
  'a path of 109 bytes is too long': noSyntax,
  'a path of 200 bytes is too long': noSyntax,
  'a path of 5000 bytes is too long': noSyntax,
  'a handle refuses a path with a NUL': noFile,
  'a path with a NUL at the end': noFile,
  'a path with a NUL before more than fits': noFile,
  'a path with a NUL inside': noFile,
  'a path, connecting': noFile,
  'a path, listening': noFile,
  'a port': notNumbered,
  'a transfer token is valid once': notCounted,
  'no descriptor is left behind': notCounted,
  'none: reusePort': noReuse,
  reusePort: noReuse,
  'rr: reusePort': noReuse,
  'two servers with reusePort': noReuse,
  'there and back leaves no descriptor behind': notCounted,
  'what cannot move is refused and stays whole': noFile,
};

/**
 * Returns the reason to skip a test on this system.
 *
 * @param {string} name of a test, without its subject
 * @returns {string | false} false to run it
 */
function reasonToSkip(name) {
  return (process.platform === 'win32' && reasons[name]) || false;
}

module.exports = { reasonToSkip };
