'use strict';

/*
 * Requests: made for one verb of a handle, and completed by one event.
 */

const { AsyncResource } = require('node:async_hooks');

const kResource = Symbol('resource');
const NO_ASYNC_ID = -1;

/** A request that is made for one verb and completed by one event. */
class Request {
  getAsyncId() {
    return this[kResource]?.asyncId() ?? NO_ASYNC_ID;
  }
}

/** Passed to `handle.shutdown(req)`. */
class ShutdownWrap extends Request {}
/** Passed to `handle.write...(req, data)`. */
class WriteWrap extends Request {}
/** Passed to `tcp.connect(req, address, port)`. */
class TCPConnectWrap extends Request {}
/** Passed to `pipe.connect(req, path)`. */
class PipeConnectWrap extends Request {}

const requestTypes = new Map([
  [ShutdownWrap, 'SHUTDOWNWRAP'],
  [WriteWrap, 'WRITEWRAP'],
  [TCPConnectWrap, 'TCPCONNECTWRAP'],
  [PipeConnectWrap, 'PIPECONNECTWRAP'],
]);

/**
 * Makes a request an async resource, as node does when its verb has begun; its
 * handle is what has triggered it.
 *
 * @param {any} request
 * @param {any} handle
 */
function begin(request, handle) {
  const type = requestTypes.get(request.constructor) ?? 'WRITEWRAP';
  const options = triggeredBy(handle);
  request[kResource] = new AsyncResource(type, options);
}

/**
 * Options for an async resource whose cause is a handle.
 *
 * @param {any} handle
 * @returns {{ requireManualDestroy: true, triggerAsyncId: number }}
 */
function triggeredBy(handle) {
  return { requireManualDestroy: true, triggerAsyncId: handle.asyncId() };
}

/**
 * Tells a request its outcome, in its own async scope.
 *
 * @param {any} request
 * @param {number} status zero or a negative errno
 * @param {...any} rest what else `oncomplete` is given
 */
function complete(request, status, ...rest) {
  const resource = request[kResource];
  request[kResource] = undefined;
  if (typeof request.oncomplete === 'function') {
    resource.runInAsyncScope(request.oncomplete, request, status, ...rest);
  }
  resource.emitDestroy();
}

module.exports = {
  PipeConnectWrap,
  ShutdownWrap,
  TCPConnectWrap,
  WriteWrap,
  begin,
  complete,
  triggeredBy,
};
