'use strict';

/*
 * Requests: made for one verb of a handle, and completed by one event.
 */

const { AsyncResource } = require('node:async_hooks');

const NO_ASYNC_ID = -1;

/** @type {(request: any) => string} */
let typeOf;
/** @type {(request: any) => AsyncResource | undefined} */
let resourceOf;
/** @type {(request: any, resource: AsyncResource | undefined) => void} */
let setResource;

/** Resources of requests that are not of the classes below. */
const others = new WeakMap();

/**
 * A request that is made for one verb and completed by one event. Its fields
 * are private: reading and setting them runs no code of the caller's, and works
 * on a frozen object.
 */
class Request {
  #type;
  /** @type {AsyncResource | undefined} while its verb is under way */
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
 * Checks what a verb is given as its request, before anything is done: a verb
 * that has begun cannot be taken back.
 *
 * @param {any} request
 * @throws {TypeError} ERR_INVALID_ARG_TYPE for what is no object; node's handles
 *   end the process
 */
function checkRequest(request) {
  if (typeof request === 'object' && request !== null) return;
  const error = new TypeError('First argument must be a request');
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' });
}

/**
 * Makes a request an async resource, as node does when its verb has begun; its
 * handle is what has triggered it.
 *
 * @param {any} request
 * @param {any} handle
 */
function begin(request, handle) {
  const options = triggeredBy(handle);
  setResource(request, new AsyncResource(typeOf(request), options));
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
  // There is none where a request was passed to two verbs at once.
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
