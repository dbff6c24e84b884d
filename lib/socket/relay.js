'use strict';

/*
 * `source.pipe(target)` between two sockets of rust-net. Where no JavaScript would
 * see the bytes, the native side moves them. The streams keep the listeners that
 * `pipe` added. So what the relay cannot handle takes the normal path: a chunk
 * that the target cannot take, a failed write, and EOF.
 *
 * A chunk that arrives starts a relay (`enterRelay`). Before the native side moves
 * later bytes, it calls `confirm` to check that they still cannot be seen. No
 * other JavaScript runs between that check and the move.
 */

const { EventEmitter } = require('events');
const { Duplex, Readable, Writable } = require('stream');

const { openHandle } = require('../handle/dispatch');
const { StreamHandle } = require('../handle/handle');
const { kClosed, kKey, kRelay, kRelayed } = require('../handle/symbols');
const { native, onConfirm, ring, seam } = require('../handle/native');
const { relays } = require('../common/settings');
const {
  kBuffer,
  kHandle,
  kRelays,
  kTakesDescriptors,
} = require('../common/symbols');
const { listenersOf } = require('../node/listeners');
const {
  isPipingFreely,
  isWritingFreely,
  soleTarget,
} = require('../node/stream-state');

const { count: COUNT, header: HEADER, confirmed: CONFIRMED } = seam;
const enabled = relays();

const { push } = Duplex.prototype;
const { writeBuffer } = StreamHandle.prototype;
const textOf = Function.prototype.toString;

/** Socket.prototype: the methods of a socket on which none was replaced. */
let original;

/** The source texts of the listeners that `pipe` adds. */
let pipeTexts = null;

function readPipeTexts() {
  const source = /** @type {any} */ (new Readable({ read() {} }));
  const target = /** @type {any} */ (new Writable({ highWaterMark: 1 }));
  target._write = () => {};
  source.pipe(target);
  const [onData] = source.listeners('data');
  // More than the high-water mark, so that `pipe` adds its 'drain' listener.
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

/** A source and its target, with the listeners that are known to be pipe's. */
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

  /** Returns true while no JavaScript would see the bytes. */
  holds() {
    return (
      this.source[kHandle] === this.sourceHandle &&
      this.target[kHandle] === this.targetHandle &&
      this.isUnseen() &&
      this.hasListenersOfPipe() &&
      isUntouched(this.source) &&
      isUntouched(this.target) &&
      isWritingFreely(this.target) &&
      !this.target.connecting
    );
  }

  isUnseen() {
    return (
      isPipingFreely(this.source, this.target) &&
      this.sourceHandle.onread === this.onread &&
      this.source[kTakesDescriptors] !== true &&
      this.targetHandle.writeBuffer === writeBuffer
    );
  }

  // Any other listener of these events would see the chunks, or their sizes.
  hasListenersOfPipe() {
    const ofSource = listenersOf(this.source);
    const ofTarget = listenersOf(this.target);
    if (ofSource === null || ofTarget === null) return false;
    const { data, pause, resume } = ofSource;
    const { drain } = ofTarget;
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

// True when the socket has none of the methods replaced that a chunk passes
// through, and no parent whose timer it would refresh.
function isUntouched(socket) {
  return (
    socket.push === push &&
    socket._read === original._read &&
    socket.read === original.read &&
    socket.write === original.write &&
    socket._write === original._write &&
    socket._writev === original._writev &&
    socket._writeGeneric === original._writeGeneric &&
    socket._unrefTimer === original._unrefTimer &&
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
 * Starts a relay for the bytes behind the current chunk, if no JavaScript would
 * see them.
 *
 * @param {any} source a Socket
 * @param {any} handle the source's
 * @param {Function} onread the `onread` that the handle must have
 */
function enterRelay(source, handle, onread) {
  const target = soleTarget(source);
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

/**
 * Confirms relays: the native side puts the keys of their sources into the ring,
 * and this replaces those that may go on with CONFIRMED.
 */
function confirm() {
  const end = HEADER + ring[COUNT];
  // These are not events, so other readers of the ring must not see them.
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
 * Sets the original methods of sockets. A relay is used only while a socket still
 * has them.
 *
 * @param {any} prototype `Socket.prototype`
 */
function setOriginalMethods(prototype) {
  original = prototype;
}

if (enabled) onConfirm(confirm);

module.exports = { enterRelay, setOriginalMethods };
