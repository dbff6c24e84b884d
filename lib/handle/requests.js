'use strict';

/*
 * Request objects. Each is made for one verb of a handle, and completed by one
 * event.
 */

const { AsyncResource } = require('node:async_hooks');

const NO_ASYNC_ID = -1;

/** @type {(request: any) => string} */
let typeOf;
/** @type {(request: any) => AsyncResource | undefined} */
let resourceOf;
/** @type {(request: any, resource: AsyncResource | undefined) => void} */
let setResource;

/** The resources of requests that a program made without the classes below. */
const others = new WeakMap();

/**
 * The base class of requests. Its fields are private, so that reading and setting
 * them runs no code of the caller, and works on a frozen object.
 */
class Request {
  #type;
  /** @type {AsyncResource | undefined} set while its verb is in progress */
  #resource = undefined;

  static {
    typeOf = (request) => (#type in request ? request.#type : 'WRITEWRAP');
    resourceOf = (request) =>
      #type in request ? request.#resource : others.get(request);
    setResource = (request, resource) => {
      if (#type in request) request.#resource = resource;
      else others.set(request, resource);
    };
  }

  constructor(type) {
    this.#type = type;
  }

  getAsyncId() {
    return resourceOf(this)?.asyncId() ?? NO_ASYNC_ID;
  }
}

/** Passed to `handle.shutdown(req)`. */
class ShutdownWrap extends Request {
  constructor() {
    super('SHUTDOWNWRAP');
  }
}
/** Passed to `handle.write...(req, data)`. */
class WriteWrap extends Request {
  constructor() {
    super('WRITEWRAP');
  }
}
/** Passed to `tcp.connect(req, address, port)`. */
class TCPConnectWrap extends Request {
  constructor() {
    super('TCPCONNECTWRAP');
  }
}
/** Passed to `pipe.connect(req, path)`. */
class PipeConnectWrap extends Request {
  constructor() {
    super('PIPECONNECTWRAP');
  }
}

/**
 * Checks the request of a verb. Call it first, because a verb that has started
 * cannot be undone.
 *
 * @param {any} request
 * @throws {TypeError} ERR_INVALID_ARG_TYPE unless it is an object; node's handles
 *   abort the process instead
 */
function checkRequest(request) {
  if (typeof request === 'object' && request !== null) return;
  const error = new TypeError('First argument must be a request');
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * Gives a request its async resource, as node does once the verb has started. The
 * handle is the trigger.
 *
 * @param {any} request
 * @param {any} handle
 */
function begin(request, handle) {
  const options = triggeredBy(handle);
  setResource(request, new AsyncResource(typeOf(request), options));
}

/**
 * Returns the options of an async resource with a handle as the trigger.
 *
 * @param {any} handle
 * @returns {{ requireManualDestroy: true, triggerAsyncId: number }}
 */
function triggeredBy(handle) {
  return { requireManualDestroy: true, triggerAsyncId: handle.asyncId() };
}

/**
 * Completes a request: calls its `oncomplete` in its own async scope.
 *
 * @param {any} request
 * @param {number} status 0 or a negative errno
 * @param {...any} rest further arguments of `oncomplete`
 */
function complete(request, status, ...rest) {
  // Undefined if the request was passed to two verbs at the same time.
  const resource = resourceOf(request);
  setResource(request, undefined);
  const { oncomplete } = request;
  if (typeof oncomplete === 'function') {
    if (resource === undefined) oncomplete.call(request, status, ...rest);
    else resource.runInAsyncScope(oncomplete, request, status, ...rest);
  }
  resource?.emitDestroy();
}

module.exports = {
  PipeConnectWrap,
  ShutdownWrap,
  TCPConnectWrap,
  WriteWrap,
  begin,
  checkRequest,
  complete,
  triggeredBy,
};
