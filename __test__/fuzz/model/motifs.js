'use strict';

/*
 * Patterns that real programs use often, or that chance alone rarely produces.
 * Part of the random programs get one. Each function changes a program in
 * place.
 */

const ends = ['destroy', 'resetAndDestroy', 'destroySoon', 'end'];

/**
 * Resets both ends of the first connection to plain readers without rules, and
 * returns it.
 */
function cleared({ connections: [{ client, peer }] }) {
  for (const plan of [client, peer]) {
    Object.assign(plan, { reader: { mode: 'data' }, rules: [] });
    delete plan.onread;
  }
  delete client.target;
  delete client.lookup;
  return { client, peer };
}

function echo(program, random, operations) {
  const { client, peer } = cleared(program);
  peer.rules.push({ on: 'start', do: [{ op: 'pipe', to: 'peer0.1' }] });
  client.rules.push({
    on: random.pick(['start', 'connect']),
    do: [operations.write(), operations.burst(), operations.write()],
  });
  client.rules.push({
    on: 'bytes',
    n: 1,
    do: [operations.write(), operations.end()],
  });
}

/** Forwards a connection's bytes through another one, and back. */
function proxy(program, random, operations) {
  const { connections } = program;
  if (connections.length < 2) return;
  const { client, peer } = cleared(program);
  const [, next] = connections;
  const link = { op: 'pipe', to: 'client1' };
  const back = { op: 'pipe', to: 'peer0.1' };
  peer.rules.push({ on: 'start', at: 'immediate', do: [link] });
  Object.assign(next.client, { reader: { mode: 'none' }, rules: [] });
  delete next.client.onread;
  next.client.rules.push({ on: 'connect', do: [back] });
  client.rules.push({ on: 'connect', do: operations.list(3) });
  client.rules.push({
    on: 'stall',
    n: 1,
    do: [operations.write(), operations.end()],
  });
  if (random.chance(30)) {
    const op = { op: random.pick(ends), id: 'p' };
    const on = random.pick(['bytes', 'finish', 'end']);
    random.pick([client, next.peer, peer]).rules.push({ on, n: 1, do: [op] });
  }
}

/** Makes a writer stall because its reader does not read. */
function full(program, random, operations) {
  const { client, peer } = cleared(program);
  const [from, to] = random.chance(50) ? [client, peer] : [peer, client];
  const isHeavy = random.chance(6);
  operations.budget = isHeavy ? 2 ** 27 : 6_000_000;
  if (isHeavy) program.isHeavy = true;
  to.rules.push({ on: 'start', do: [{ op: 'pause' }] });
  if (to === client) client.rules[0].on = 'connect';
  const n = random.between(4, isHeavy ? 100 : 40);
  const size = Math.floor(operations.budget / n / random.between(1, 4));
  const kind = random.pick(['buffer', 'buffer', 'latin1', 'fresh', 'uint8']);
  const burst = {
    op: 'burst',
    id: 'f',
    n,
    size: Math.min(size, 2 ** 20),
    kind,
  };
  from.rules.push({ on: random.pick(['start', 'connect']), do: [burst] });
  if (from === peer) from.rules[0].on = 'start';
  const last = () => ({
    op: random.pick([...ends, 'resume', 'move']),
    how: 'attach',
  });
  from.rules.push({ on: 'stall', n: 1, do: [{ ...last(), id: 'g' }] });
  to.rules.push({ on: 'stall', n: random.between(1, 2), do: [last()] });
}

/** Makes small writes from callbacks, up to the kernel's limit and beyond. */
function brim(program, random, operations) {
  const { client, peer } = cleared(program);
  const [from, to] = random.chance(50) ? [client, peer] : [peer, client];
  to.rules.push({
    on: to === client ? 'connect' : 'start',
    do: [{ op: 'pause' }],
  });
  const size = random.pick([4096, 4000, 1000, 3333]);
  const chain = { op: 'chain', id: 'b', n: random.between(200, 1200), size };
  if (random.chance(60)) chain.move = operations.way();
  const on = from === peer ? 'start' : random.pick(['connect', 'start']);
  from.rules.push({ on, do: [chain] });
  const last = {
    op: random.pick([...ends, 'move']),
    how: operations.way(),
    id: 'c',
  };
  from.rules.push({ on: 'stall', n: 1, do: [last] });
}

/** Sends bytes and then a reset to a reader that stops and starts. */
function cut(program, random, operations) {
  const { client, peer } = cleared(program);
  const [from, to] = random.chance(50) ? [client, peer] : [peer, client];
  from.rules.push({
    on: from === peer ? 'start' : 'connect',
    do: [operations.write(), { op: random.pick(ends), id: 'x' }],
    at: random.pick(['sync', 'immediate']),
  });
  const stops = [
    ['pause', 'resume'],
    ['readStop', 'readStart'],
  ];
  const [stop, go] = random.pick(stops);
  to.rules.push({
    on: random.pick(['bytes', 'start', 'peer close']),
    n: 1,
    do: [{ op: stop }, ...(random.chance(30) ? [operations.write()] : [])],
  });
  const how = random.pick(['tick', 'immediate', 'stall']);
  const again =
    how === 'stall' ? { on: 'stall', n: 1 } : { on: 'bytes', n: 1, at: how };
  to.rules.push({ ...again, do: [{ op: go }] });
  if (random.chance(50)) {
    to.rules.push({ on: 'stall', n: 2, do: [{ op: stop }, { op: go }] });
  }
}

/** Opens many clients that send something short and leave. */
function storm({ connections }, random, operations) {
  const [{ server }] = connections;
  const size = random.pick([1, 100, 5000, 65_536, 262_144]);
  const count = random.between(10, size > 10_000 ? 40 : 80);
  const kind = random.pick(['buffer', 'latin1']);
  const answer = random.chance(50);
  connections.length = 0;
  for (let i = 0; i < count; i++) {
    const send = {
      op: random.pick(['end', 'end', 'write']),
      id: 's',
      size,
      kind,
    };
    connections.push({
      server,
      client: {
        via: 'connect',
        options: {},
        reader: { mode: 'data' },
        rules: [{ on: 'connect', do: [send] }],
      },
      peer: {
        reader: { mode: 'data' },
        rules: answer
          ? [{ on: 'end', do: [operations.end()] }]
          : [
              {
                on: 'bytes',
                n: size,
                do: [{ op: random.pick(ends), id: 'q' }],
              },
            ],
      },
    });
  }
}

/** Closes the server while connections arrive. */
function closing({ connections }, random) {
  const rule = {
    on: random.pick(['connect', 'start', 'bytes', 'ready']),
    at: random.pick(['sync', 'sync', 'tick', 'immediate']),
    do: [{ op: 'closeServer', server: 0 }],
  };
  if (random.chance(30)) rule.do.push({ op: 'listenAgain', server: 0 });
  if (random.chance(50)) rule.do.push({ op: 'countConnections', server: 0 });
  const { client, peer } = random.pick(connections);
  random.pick([client, client, peer]).rules.unshift(rule);
}

/** Reads through the handle itself, below the stream. */
function handles(program, random, operations) {
  const { client, peer } = cleared(program);
  const [from, to] = random.chance(50) ? [client, peer] : [peer, client];
  program.servers[0].options.allowHalfOpen = true;
  client.options = { ...client.options, allowHalfOpen: true };
  const first = [{ op: 'tap' }];
  to.rules.push({ on: to === client ? 'connect' : 'start', do: first });
  from.rules.push({
    on: from === client ? 'connect' : 'start',
    do: [operations.write(), operations.end()],
  });
  for (let n = 1; n <= 3; n++) {
    const ops = random.pick([
      ['readStart'],
      ['readStop'],
      ['readStop', 'readStart'],
    ]);
    to.rules.push({
      on: random.pick(['stall', 'stall', 'end', 'bytes']),
      n: random.between(1, 3),
      do: ops.map((op) => ({ op })),
    });
  }
}

/** Ends several connections at once. */
function together(program, random) {
  const { connections } = program;
  if (connections.length < 2) return;
  const side = random.pick(['client', 'peer']);
  const ids = connections.map((_, i) =>
    side === 'peer' ? `peer${i}.1` : `client${i}`,
  );
  const [{ client }] = connections;
  client.rules.push({
    on: 'stall',
    n: 1,
    at: random.pick(['sync', 'tick', 'immediate']),
    do: [{ op: 'destroyAll', ids }],
  });
}

/**
 * Writes lists that are too long for one system call, with writes after them.
 */
function lists(program, random, operations) {
  const { client } = cleared(program);
  const mark = () => ({ op: 'mark', ...operations.details('mark') });
  const n = random.pick([1000, 1023, 1024, 1025, 1500, 3000]);
  const kind = random.pick(['buffer', 'latin1', 'utf8', 'uint8']);
  const chunks = [{ n, size: random.between(1, 6), kind, cb: true }];
  if (random.chance(50)) chunks.push({ n: 1, size: 5000, kind: 'buffer' });
  const list = { op: 'cork', id: 'l', chunks };
  client.rules.push({
    on: random.pick(['connect', 'ready']),
    at: random.pick(['sync', 'immediate']),
    do: [list, mark(), mark(), operations.chain()],
  });
  client.rules.push({ on: 'stall', n: 1, do: [operations.end()] });
}

/** Reads into the program's own buffer. */
function into(program, random, operations) {
  const { client, peer } = cleared(program);
  client.reader = { mode: 'none' };
  const size = random.pick([undefined, undefined, 1, 100, 65536]);
  client.onread = { size, refuse: random.pick([undefined, 1, 2, 5]) };
  peer.rules.push({ on: 'start', do: operations.list(3) });
  peer.rules.push({
    on: 'stall',
    n: 1,
    do: [operations.burst(), operations.end()],
  });
}

const motifs = [
  ...[echo, proxy, proxy, full, brim, brim, cut, cut, cut, storm, closing],
  ...[closing, handles, handles, together, lists, lists, into],
];

module.exports = { motifs };
