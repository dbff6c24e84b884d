/** Compiles only if the two are the same type. */
export type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2
    ? true
    : false;

/** The place where it does not. */
export function expectTrue<T extends true>(): T | void {}
