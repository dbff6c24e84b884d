'use strict';

/**
 * Keeps the preload active in every process and worker below the test. They
 * inherit the environment with NODE_OPTIONS, unless the test passes another
 * one. In that case the variables are added to it.
 */

const childProcess = require('node:child_process');
const workerThreads = require('node:worker_threads');

const names = require('../environment.js');

const NODE_OPTIONS = 'NODE_OPTIONS';
const preload = require.resolve('../preload.js');

/** Read at the start, because a test may empty its own environment. */
const inherited = Object.values(names)
  .filter((name) => process.env[name] !== undefined)
  .map((name) => /** @type {[string, string]} */ ([name, process.env[name]]));

/** NODE_OPTIONS splits at spaces, so the path is quoted. */
const requireOption = `-r ${JSON.stringify(preload)}`;

/**
 * Returns the variables that an environment lacks.
 *
 * @param {Record<string, string | undefined>} env
 * @returns {[string, string][]}
 */
function missingFrom(env) {
  const missing = inherited.filter(([name]) => env[name] === undefined);
  const options = env[NODE_OPTIONS] || '';
  if (!options.includes(preload)) {
    missing.push([NODE_OPTIONS, `${options} ${requireOption}`.trim()]);
  }
  return missing;
}

/**
 * @param {any} options of spawnSync and its like, or of a Worker
 * @returns {any} the same with a complete environment
 */
function withEnvironment(options) {
  if (options === null || typeof options !== 'object') return options;
  const { env } = options;
  if (env === null || typeof env !== 'object') return options;
  // child_process also reads inherited properties, so the test's variables stay
  // visible.
  const complete = Object.create(env);
  for (const [name, value] of missingFrom(env)) complete[name] = value;
  return { ...options, env: complete };
}

/**
 * Wraps the method that every asynchronous way (fork, exec, cluster ...) calls
 * in the end.
 */
function wrapSpawn() {
  const prototype = /** @type {any} */ (childProcess.ChildProcess.prototype);
  const { spawn } = prototype;
  prototype.spawn = function (/** @type {any} */ options) {
    if (options === null || typeof options !== 'object') {
      return spawn.call(this, options);
    }
    if (!Array.isArray(options.envPairs)) return spawn.call(this, options);
    const env = Object.fromEntries(
      options.envPairs.map((/** @type {string} */ pair) => {
        const at = pair.indexOf('=', 1);
        return [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
    const missing = missingFrom(env);
    if (missing.length === 0) return spawn.call(this, options);
    const kept = options.envPairs.filter(
      (/** @type {string} */ pair) => !pair.startsWith(`${NODE_OPTIONS}=`),
    );
    const added = missing.map(([name, value]) => `${name}=${value}`);
    const own = missing.some(([name]) => name === NODE_OPTIONS)
      ? kept
      : options.envPairs;
    return spawn.call(this, { ...options, envPairs: [...own, ...added] });
  };
}

/**
 * Wraps each synchronous function, because they call each other inside node.
 */
function wrapSync() {
  const module = /** @type {any} */ (childProcess);
  for (const name of ['spawnSync', 'execSync', 'execFileSync']) {
    const original = module[name];
    module[name] = {
      [name]: (/** @type {any[]} */ ...args) => {
        const last = args.length - 1;
        if (last > 0 && !Array.isArray(args[last])) {
          args[last] = withEnvironment(args[last]);
        }
        return original(...args);
      },
    }[name];
  }
}

/** Wraps Worker: one with its own environment does not inherit NODE_OPTIONS. */
function wrapWorker() {
  const module = /** @type {any} */ (workerThreads);
  module.Worker = new Proxy(workerThreads.Worker, {
    construct(target, [file, options, ...rest], newTarget) {
      const args = [file, withWorkerEnvironment(options), ...rest];
      return Reflect.construct(target, args, newTarget);
    },
  });
}

/**
 * Completes a worker's environment, of which only own properties are copied.
 *
 * @param {any} options
 */
function withWorkerEnvironment(options) {
  const complete = withEnvironment(options);
  if (complete === options) return options;
  return { ...complete, env: { ...options.env, ...complete.env } };
}

/** Patches child_process and worker_threads of this process. */
function install() {
  wrapSpawn();
  wrapSync();
  wrapWorker();
}

module.exports = { install };
