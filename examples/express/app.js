'use strict';

// An express application like any other: it knows nothing of rust-net. Its
// visitors are counted in a store on the network, as they would be in Redis.

const express = require('express');
const { connectStore } = require('./store');

/**
 * @param {object} address the store's
 * @returns {any} the application; `locals.store` is its connection
 */
function createApp(address) {
  const app = express();
  const store = connectStore(address);
  app.locals.store = store;

  app.get('/visits/:page', async (request, response) => {
    const { page } = request.params;
    response.json({ page, visits: await store.increment(page) });
  });
  return app;
}

module.exports = { createApp };
