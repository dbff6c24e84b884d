'use strict';

/*
 * Finds everything that can be called by reflection, so that new verbs need not
 * be listed here.
 */

const { AsyncResource } = require('node:async_hooks');
const { leftOut } = require('./guards');

const nodes = [AsyncResource.prototype, Object.prototype, Function.prototype];
const statics = new Set(['length', 'name', 'prototype', 'arguments', 'caller']);

/**
 * Returns the names of a function's parameters, as far as its source shows
 * them.
 */
function parametersOf(fn) {
  const text = Function.prototype.toString.call(fn);
  const list = /^[^(]*\(([^)]*)\)/.exec(text)?.[1] ?? '';
  return list
    .split(',')
    .map((part) => /[A-Za-z_$][\w$]*/.exec(part)?.[0])
    .filter((name) => name !== undefined);
}

// Native functions do not show their parameters.
const unnamed = { verb: ['key'], binding: [] };

function target(group, name, fn, kind, owner) {
  const parameters = unnamed[group] ?? parametersOf(fn);
  return { group, name, fn, kind, owner, parameters };
}

function* ofPrototype(group, Class) {
  for (
    let prototype = Class.prototype;
    prototype && !nodes.includes(prototype);
    prototype = Object.getPrototypeOf(prototype)
  ) {
    for (const name of Object.getOwnPropertyNames(prototype)) {
      if (name === 'constructor') continue;
      const member = Object.getOwnPropertyDescriptor(prototype, name);
      const { get, set, value } = member;
      if (typeof value === 'function') {
        yield target(group, name, value, 'method', Class);
      }
      if (get) yield target(group, name, get, 'method', Class);
      if (set) yield target(group, name, set, 'method', Class);
    }
  }
}

function* ofClass(group, Class) {
  yield target(group, `new ${Class.name}`, Class, 'class', Class);
  yield* ofPrototype(group, Class);
  for (const name of Object.getOwnPropertyNames(Class)) {
    if (statics.has(name) || typeof Class[name] !== 'function') continue;
    yield target(
      group,
      `${Class.name}.${name}`,
      Class[name],
      'function',
      Class,
    );
  }
}

const isClass = (value) =>
  typeof value === 'function' &&
  (/^class\b/.test(Function.prototype.toString.call(value)) ||
    Object.getOwnPropertyNames(value.prototype ?? {}).length > 1);

function* ofModule(group, members) {
  for (const name of Object.keys(members)) {
    const value = members[name];
    if (isClass(value)) yield* ofClass(group, value);
    else if (typeof value === 'function') {
      yield target(group, name, value, 'function', undefined);
    }
  }
}

/** Yields the properties that a handle's owner sets. */
function* ofInstances(handles) {
  const { TCP } = handles.tcp_wrap;
  const example = new TCP(0);
  const names = new Set([...Object.keys(example), 'onconnection', 'onread']);
  example.close();
  for (const name of names) {
    const set = { [name]: (value) => value }[name];
    const owner = Object.getPrototypeOf(TCP);
    yield { ...target('handle', name, set, 'property', owner), name };
  }
}

const addressNames =
  /^(?:BlockList|SocketAddress|isIP|_normalizeArgs|getStats)/;

function pickMembers(members, pattern) {
  const names = Object.keys(members).filter((name) => pattern.test(name));
  return Object.fromEntries(names.map((name) => [name, members[name]]));
}

/**
 * @param {any} world with what is under test
 * @returns {any[]} every target, those that are left out not among them
 */
function findTargets({ handles, native, binding, bridge, net }) {
  const { native: verbs, ...rest } = native;
  const all = [
    ...ofModule('handle', handles.tcp_wrap),
    ...ofModule('handle', handles.pipe_wrap),
    ...ofModule('handle', handles.stream_wrap),
    ...ofInstances(handles),
    ...ofModule('verb', verbs),
    ...ofModule('binding', binding),
    ...ofModule('native', rest),
    ...ofModule('bridge', bridge),
    ...ofModule('address', pickMembers(net, addressNames)),
  ];
  const seen = new Set();
  return all.filter((one) => {
    const id = `${one.group}.${one.name}`;
    const key = `${id} ${one.kind} ${one.owner?.name}`;
    if (seen.has(key) || Object.hasOwn(leftOut, id)) return false;
    if (
      one.group === 'native' &&
      Object.hasOwn(leftOut, `binding.${one.name}`)
    ) {
      return false;
    }
    seen.add(key);
    return true;
  });
}

module.exports = { findTargets };
