'use strict';

/*
 * The connecting side of a connection of the soak.
 */

const { headerOf } = require('./accept');
const { exchange, watch } = require('./exchange');
const { whereIs } = require('./context');
const { ask } = require('./web');

/** Has an Agent for connections that are used again, and one for the rest. */
class Client {
  #http;
  #agents;

  /**
   * @param {import('./context').Context} context
   * @param {{ net: object, http: object, generation: number }} own
   */
  constructor(context, { net, http, generation }) {
    this.context = context;
    this.net = net;
    this.generation = generation;
    this.#http = http;
    this.renew();
  }

  /** Closes the idle connections of requests. */
  renew() {
    this.#agents?.forEach((agent) => agent.destroy());
    this.#agents = [false, true].map(
      (keepAlive) => new this.#http.Agent({ keepAlive }),
    );
  }

  /** Makes the request of a plan. */
  #ask(state, web, done) {
    const { plan } = state;
    const { port, host, path: socketPath } = whereIs(web, plan.transport);
    const options = {
      ...(socketPath ? { socketPath } : { port, host }),
      agent: this.#agents[plan.keepsAlive ? 1 : 0],
      path: `/${plan.id}/${this.generation}`,
    };
    ask(this.#http, state, options, done);
  }

  /**
   * Makes the connection with this number.
   *
   * @param {number} id
   * @param {{ plain: object[], web: object, generation: number }} server
   * @param {(plan: object) => object} optionsOf
   * @param {() => void} done
   */
  start(id, server, optionsOf, done) {
    const { context, net } = this;
    const plan = context.planOf(id);
    const state = context.enter(plan, 0, { generation: server.generation });
    const closed = () => {
      context.ledger.leave(state);
      done();
    };
    if (plan.kind === 'web') return this.#ask(state, server.web, closed);
    const where = server.plain[plan.variant % server.plain.length];
    const socket = net.connect({
      ...whereIs(where, plan.transport),
      ...optionsOf(plan),
    });
    context.track(socket).on('connect', () => context.ledger.connections++);
    watch(socket, state, closed);
    socket.write(headerOf(id, this.generation));
    exchange(socket, state);
  }
}

module.exports = { Client };
