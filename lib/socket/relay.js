'use strict';

/*
 * `source.pipe(target)` between two sockets of ours, where nobody would see the
 * bytes: the native side moves them. The streams stay as `pipe` has left them,
 * with the listeners that it added, so that whatever does not fit into a step
 * of the relay goes the ordinary way: a chunk that the target cannot take, a
 * failed write, the end.
 *
 * A relay is entered by a chunk that arrives (`enterRelay`). Before the native
 * side moves what it has received since, it asks (`confirm`) whether all that
 * made the bytes invisible still holds; JavaScript cannot run in between.
 */

const { EventEmitter } = require('events');
const { Duplex, Readable, Writable } = require('stream');

const { openHandle } = require('../handle/dispatch');
const { isWritingFreely } = require('./fast-path');
const { StreamHandle } = require('../handle/handle');
const { kClosed, kKey, kRelay, kRelayed } = require('../handle/symbols');
const { native, onQuestions, ring, seam } = require('../handle/native');
const { relays } = require('../common/settings');
const { kBuffer, kHandle, kRelays } = require('../common/symbols');

const { count: COUNT, header: HEADER, confirmed: CONFIRMED } = seam;
const enabled = relays();

const { push } = Duplex.prototype;
const { writeBuffer } = StreamHandle.prototype;
const textOf = Function.prototype.toString;

/** The methods that a socket has when nobody replaced them. */
let own;

/** The source texts of the listeners that `pipe` adds. */
let pipeTexts = null;

function readPipeTexts() {
  const source = /** @type {any} */ (new Readable({ read() {} }));
  const target = /** @type {any} */ (new Writable({ highWaterMark: 1 }));
  target._write = () => {};
  source.pipe(target);
  const [onData] = source.listeners('data');
  // More than the mark: now it waits for 'drain'.
  onData(Buffer.alloc(2));
  const [onDrain] = target.listeners('drain');
  source.unpipe(target);
  return { data: textOf.call(onData), drain: textOf.call(onDrain) };
}

function isOfPipe(listener, kind) {
  pipeTexts ??= readPipeTexts();
  return (
    typeof listener === 'function' && textOf.call(listener) === pipeTexts[kind]
  );
}

/** One source and its target, with the listeners that were found to be pipe's. */
class Relay {
  constructor(source, target, onread) {
    this.source = source;
    this.target = target;
    this.sourceHandle = source[kHandle];
    this.targetHandle = target[kHandle];
    this.onread = onread;
    this.onData = null;
    this.onDrain = undefined;
  }

  holds() {
    return (
      this.source[kHandle] === this.sourceHandle &&
      this.target[kHandle] === this.targetHandle &&
      this.isUnseen() &&
      this.hasListenersOfPipe() &&
      isUntouched(this.source) &&
      isUntouched(this.target) &&
      isWritingFreely(this.target, this.target._writableState)
    );
  }

  isUnseen() {
    const { source, sourceHandle } = this;
    const state = source._readableState;
    return (
      state.flowing === true &&
      state.length === 0 &&
      !state.decoder &&
      !state.ended &&
      !state.errored &&
      !state.destroyed &&
      state.pipes.length === 1 &&
      state.pipes[0] === this.target &&
      sourceHandle.onread === this.onread &&
      this.targetHandle.writeBuffer === writeBuffer
    );
  }

  // Who listens to these would learn of the chunks, or of their size.
  hasListenersOfPipe() {
    const { data, pause, resume } = this.source._events;
    const { drain } = this.target._events;
    if (pause !== undefined || resume !== undefined) return false;
    if (data !== this.onData) {
      if (!isOfPipe(data, 'data')) return false;
      this.onData = data;
    }
    if (drain !== this.onDrain) {
      if (drain !== undefined && !isOfPipe(drain, 'drain')) return false;
      this.onDrain = drain;
    }
    return true;
  }
}

// A chunk passes through these, and its activity through the timers' one.
function isUntouched(socket) {
  return (
    socket.push === push &&
    socket._read === own._read &&
    socket.read === own.read &&
    socket.write === own.write &&
    socket._write === own._write &&
    socket._writev === own._writev &&
    socket._writeGeneric === own._writeGeneric &&
    socket._unrefTimer === own._unrefTimer &&
    socket.emit === EventEmitter.prototype.emit &&
    socket._parent == null
  );
}

function mayPair(source, target) {
  return (
    target?.[kHandle] instanceof StreamHandle &&
    !target[kHandle][kClosed] &&
    source[kBuffer] === null &&
    source[kRelays] !== false &&
    target[kRelays] !== false
  );
}

/**
 * Enters a relay, if what follows the chunk that has just arrived may take one.
 *
 * @param {any} source a Socket
 * @param {any} handle the source's
 * @param {Function} onread what the handle's must be
 */
function enterRelay(source, handle, onread) {
  const [target] = source._readableState.pipes;
  if (!enabled || !mayPair(source, target)) return;
  let relay = handle[kRelay];
  if (relay?.target !== target || relay.source !== source) {
    relay = new Relay(source, target, onread);
  }
  if (!relay.holds()) return;
  if (native.relayTo(handle[kKey], relay.targetHandle[kKey]) !== 0) return;
  handle[kRelay] = relay;
  handle[kRelayed] = true;
  relay.targetHandle[kRelayed] = true;
}

/** Answers the native side, which has put the sources' keys into the ring. */
function confirm() {
  const end = HEADER + ring[COUNT];
  // These are no events, should anybody look for some.
  ring[COUNT] = 0;
  for (let at = HEADER; at < end; at++) {
    const handle = openHandle(ring[at]);
    const relay = handle?.[kRelay];
    if (relay == null) continue;
    if (relay.holds()) ring[at] = CONFIRMED;
    else handle[kRelay] = null;
  }
}

/**
 * Tells the methods that every socket has, and that a relay bypasses.
 *
 * @param {any} prototype `Socket.prototype`
 */
function bypass(prototype) {
  own = prototype;
}

if (enabled) onQuestions(confirm);

module.exports = { bypass, enterRelay };
