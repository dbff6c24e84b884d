'use strict';

/*
 * Options that only rust-net has. A subject has them in its environment, as JSON, and
 * they must not change what a program sees.
 */

const NAME = 'MODEL_OPTIONS';

/**
 * @param {{ server?: object, listen?: object, client?: object }} options for
 *   `createServer`, `listen` and `connect`
 * @returns {Record<string, string>} what a subject's environment says of them
 */
const asEnvironment = (options) => ({ [NAME]: JSON.stringify(options) });

const { server, listen, client } = JSON.parse(process.env[NAME] ?? '{}');

module.exports = { asEnvironment, client, listen, server };
