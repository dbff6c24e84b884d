/** Jest passes this object to every module that it runs, like `require`. */
declare const jest: {
  doMock(name: string, factory: () => unknown): void;
  requireActual(name: string): unknown;
};
