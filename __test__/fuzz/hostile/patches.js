'use strict';

/*
 * Methods of the language and of Buffer that a program has put its own in the
 * place of. Node's handles call none of them, so that none of them may have a say
 * in what is sent.
 */

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);

// Not `utf8Write` and its like, which are node's own and not documented.
const places = [
  [Buffer.prototype, ['write', 'copy', 'fill', 'toString', 'slice', 'equals']],
  [typedArray, ['set', 'subarray', 'slice', 'fill']],
  [Buffer, ['from', 'concat', 'byteLength', 'isEncoding']],
];

const methods = places.flatMap(([object, names]) =>
  names.map((name) => ({
    object,
    name,
    before: Object.getOwnPropertyDescriptor(object, name) ?? {},
    original: object[name],
  })),
);

const put = ({ object, name, before }, value) =>
  Object.defineProperty(object, name, { ...before, value });

const putOldBack = () => methods.forEach((one) => put(one, one.original));

/** Puts the others in place again. @type {(() => void) | undefined} */
let replaceAll;

/**
 * Runs a function with the old methods in place: what happens in the middle of a
 * call fills the memory of its own calls by them.
 *
 * @template T
 * @param {() => T} run
 * @returns {T}
 */
function withOldMethods(run) {
  const replace = replaceAll;
  if (replace === undefined) return run();
  replaceAll = undefined;
  putOldBack();
  try {
    return run();
  } finally {
    replaceAll = replace;
    replace();
  }
}

/**
 * Puts others in the place of all these methods, for the time of a call.
 *
 * @param {import('./call').Call} call
 * @returns {() => void} puts the old ones back
 */
function patch(call) {
  const { random } = call;
  call.label('patched');
  const answers = [
    (args, self, original) => Reflect.apply(original, self, args),
    () => random.pick([0, -1, 7, 3000, 60_000, 2 ** 31]),
    () => undefined,
  ];
  const liars = new Map();
  for (const method of methods) {
    liars.set(method, function (...args) {
      return withOldMethods(() => {
        call.interfere('patch');
        return random.pick(answers)(args, this, method.original);
      });
    });
  }
  replaceAll = () => methods.forEach((one) => put(one, liars.get(one)));
  replaceAll();
  return () => {
    replaceAll = undefined;
    putOldBack();
  };
}

module.exports = { patch, withOldMethods };
