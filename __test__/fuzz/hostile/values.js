'use strict';

/*
 * Hostile values: of the kind that a parameter's name suggests, or of any
 * other.
 */

const { Lists, numbers } = require('./lists');
const { makeBytes } = require('./memory');

const plainEncodings = ['utf8', 'utf-8', 'latin1', 'binary', 'ascii'];
const wideEncodings = ['ucs2', 'utf16le'];
const oddEncodings = ['utf 8', 'nonsense', '', 'utf8\0', 'buffer'];
const decoding = ['hex', 'base64', 'base64url'];
const hosts = ['127.0.0.1', '127.0.0.1', '127.0.0.2', '::1', '0.0.0.0', '::'];
const oddHosts = ['127.0.0.1\0x', '127.1', '::ffff:127.0.0.1', 'localhost', ''];
const families = ['ipv4', 'ipv6', 'IPv4', 'IPv6', 4, 6, '', undefined];
const rules = ['Subnet: IPv4 10.0.0.0/8', 'Address: IPv6 ::1', 'Range: IPv4 1'];
const lengths = [0, 1, 2, 9, 100, 500, 1365, 5000, 21_845, 21_846, 70_000];

/** @param {string} name of a parameter */
function kindOf(name) {
  for (const [kind, pattern] of kinds) if (pattern.test(name)) return kind;
  return 'any';
}

const kinds = [
  ['request', /^req/],
  ['list', /chunks|list$/i],
  ['flag', /^(?:enable|blocking|allBuffers|is|v6)/i],
  ['bytes', /data|buffer|bytes|chunk|slab|room/i],
  ['text', /string|text/i],
  ['encoding', /encoding/i],
  ['addresses', /addresses|cidrs|items/i],
  ['address', /address|host|start|end|network|cidr|input|subject|^s$/i],
  ['family', /family|type/i],
  ['port', /port/i],
  ['path', /path/i],
  ['descriptor', /^fd$|descriptor/i],
  ['callback', /callback|listener|dispatch|confirm/i],
  ['key', /key/i],
  ['socket', /socket|server/i],
  ['token', /token/i],
];

class Values extends Lists {
  constructor(world) {
    super();
    this.world = world;
  }

  /** @returns {any} a value for the parameter, which may be anything else */
  forParameter(name, call) {
    const kind = call.random.chance(82) ? kindOf(name) : 'any';
    const value = this[kind](call);
    if (typeof value === 'string') call.sends(value);
    return call.random.chance(3) ? this.wrapped(value, call) : value;
  }

  any(call) {
    const makers = anyKinds[call.random.below(anyKinds.length)];
    return this[makers](call);
  }

  number(call) {
    const number = call.random.pick(numbers);
    call.label(String(number));
    return number;
  }

  bigint(call) {
    return call.random.pick([0n, -1n, 2n ** 64n, BigInt(call.random.below(9))]);
  }

  flag(call) {
    // Of the form that the list before has, more often than not.
    if (call.isMixed !== undefined && call.random.chance(60)) {
      return !call.isMixed;
    }
    const flag = call.random.chance(80)
      ? call.random.chance(50)
      : call.random.pick([0, 1, '', 'x', null, undefined, {}, NaN]);
    call.label(typeof flag);
    return flag;
  }

  nothing(call) {
    return call.random.pick([undefined, null]);
  }

  bytes(call) {
    return makeBytes(call);
  }

  /** Returns text of the connection's own letter. */
  text(call) {
    const { random, mark } = call;
    if (random.chance(6)) return this.oddText(call);
    const length = random.chance(99) ? random.pick(lengths) : 1_000_000;
    call.given += 3 * (length + 1);
    call.label(`text(${length})`);
    const unit = random.among([
      [4, () => (call.isWide ? mark.wideLetter : mark.letter)],
      [4, () => mark.wideLetter],
      [2, () => mark.surrogate],
    ]);
    const text = unit.repeat(length);
    // A string that the engine joins from two.
    return random.chance(10) ? text.slice(1) + unit : text;
  }

  /**
   * Returns text that names nothing, in letters that any connection may send.
   */
  oddText(call) {
    call.mark.allowZero();
    call.given += 300;
    const text = call.random.pick([
      ...['', '\0', 'a\0b', '\ud800', '127.0.0.1', ' ', '%00', 'x'.repeat(50)],
      ...hosts,
      ...plainEncodings,
    ]);
    call.label(JSON.stringify(text));
    return text;
  }

  encoding(call) {
    const { random } = call;
    const encoding = random.among([
      [70, () => random.pick(plainEncodings)],
      [20, () => random.pick(oddEncodings)],
      [2, () => this.decodingName(call)],
      [4, () => this.wideName(call)],
      [10, () => this.speaking('latin1', call)],
      [40, () => random.pick([undefined, undefined, undefined, null, 7, {}])],
    ]);
    call.label(typeof encoding === 'string' ? encoding : typeof encoding);
    // In the place of a chunk it counts as one.
    if (typeof encoding === 'string') call.sends(encoding);
    return encoding;
  }

  // With a narrow letter every other byte is zero.
  wideName(call) {
    call.mark.allowZero();
    return call.random.pick(wideEncodings);
  }

  // Only for a connection whose peer expects it: decoded bytes carry no mark.
  decodingName(call) {
    if (call.connection.receives !== call.mark) return 'latin1';
    call.mark.allowAny();
    return call.random.pick(decoding);
  }

  address(call) {
    const { random } = call;
    const address = random.among([
      [60, () => random.pick(hosts)],
      [20, () => random.pick(oddHosts)],
      [10, () => `10.0.${random.below(4)}.${random.below(256)}`],
      [5, () => `10.0.0.0/${random.below(40)}`],
      [5, () => this.speaking('127.0.0.1', call)],
      [4, () => this.endpoint(call)],
      [4, () => this.instance(call, 'SocketAddress')],
    ]);
    call.label(typeof address === 'string' ? address : 'address');
    return address;
  }

  addresses(call) {
    if (call.random.chance(20)) return [...rules, this.any(call)];
    const list = Array.from({ length: call.random.below(5) }, () =>
      this.address(call),
    );
    return this.twisted(list, call);
  }

  endpoint(call) {
    const endpoint = {};
    for (const name of ['address', 'isV6', 'port', 'flowLabel', 'family']) {
      if (!call.random.chance(90)) continue;
      const kind = name === 'address' ? name : kindOf(name);
      const value = name === 'flowLabel' ? this.number(call) : this[kind](call);
      if (call.random.chance(80)) endpoint[name] = value;
      else this.getterOn(endpoint, name, value, call);
    }
    return endpoint;
  }

  getterOn(object, name, value, call) {
    Object.defineProperty(object, name, {
      enumerable: true,
      configurable: true,
      get: () => {
        call.interfere(`getter ${name}`);
        return call.random.chance(70) ? value : this.primitive(call);
      },
    });
  }

  primitive(call) {
    return this[call.random.pick(['number', 'bigint', 'nothing', 'oddText'])](
      call,
    );
  }

  family(call) {
    return call.random.chance(90) ? call.random.pick(families) : this.any(call);
  }

  port(call) {
    const { random } = call;
    return random.chance(60)
      ? random.pick(this.world.ports())
      : this.number(call);
  }

  path(call) {
    const { random } = call;
    const path = random.among([
      [50, () => random.pick(this.world.paths())],
      [15, () => `p${random.below(40)}`],
      [10, () => `\0rust-net-hostile-${process.pid}-${random.below(40)}`],
      [8, () => `p${random.below(40)}\0tail`],
      [5, () => 'x'.repeat(random.pick([100, 107, 108, 109, 5000]))],
      [5, () => this.speaking(`p${random.below(40)}`, call)],
      [3, () => this.oddText(call)],
    ]);
    call.label(typeof path === 'string' ? JSON.stringify(path) : 'path');
    return path;
  }

  descriptor(call) {
    return call.random.chance(70)
      ? this.world.descriptors.make(call)
      : call.random.pick([-1, -2, 2 ** 31, 2 ** 32 - 1, 99_999, 1e300]);
  }

  key(call) {
    return call.random.chance(70)
      ? this.world.someKey(call.random)
      : call.random.pick([...numbers, 2 ** 20 - 1, 2 ** 20, 2 ** 20 + 1]);
  }

  request(call) {
    const { random, world } = call;
    return random.among([
      [70, () => world.callbacks.request(call)],
      [6, () => this.frozen(world.callbacks.request(call))],
      [6, () => this.hostileRequest(call)],
      [
        3,
        () => world.usedRequests[random.below(world.usedRequests.length || 1)],
      ],
      [8, () => this.any(call)],
    ]);
  }

  frozen(object) {
    return Object.freeze(object);
  }

  hostileRequest(call) {
    const request = call.world.callbacks.request(call);
    for (const name of ['oncomplete', 'constructor']) {
      if (call.random.chance(60)) {
        this.getterOn(request, name, request[name], call);
      }
    }
    return request;
  }

  callback(call) {
    return call.random.chance(80)
      ? call.world.callbacks.plain(call)
      : this.any(call);
  }

  socket(call) {
    return this.world.someSubject(call.random) ?? this.object(call);
  }

  token(call) {
    const { random, world } = call;
    if (random.chance(50) && world.tokens.length > 0) {
      return random.pick(world.tokens);
    }
    const token = { type: random.pick(['net.Socket', 'net.Server', 'x']) };
    // A fresh name, which was never passed to `deposit`: any code that knows a
    // name can take its descriptor.
    Object.defineProperty(token, 'id', {
      get() {
        call.interfere('getter id');
        return random.pick(['never deposited', 'nor this', undefined, 7, null]);
      },
    });
    this.getterOn(token, 'options', this.object(call), call);
    return token;
  }

  instance(call, name) {
    return this.world.instances.get(name) ?? this.object(call);
  }

  handle(call) {
    call.label('handle');
    return this.world.someHandle(call.random);
  }

  object(call) {
    const { random } = call;
    call.label('object');
    return random.among([
      [1, () => ({})],
      [1, () => Object.create(null)],
      [1, () => []],
      [1, () => Symbol('hostile')],
      [1, () => () => {}],
      [1, () => class {}],
      [1, () => new Date(0)],
      [1, () => /x/],
      [1, () => Promise.resolve()],
      [1, () => new Map()],
      [1, () => globalThis],
      [1, () => this.throwing(call)],
      [1, () => this.speaking('127.0.0.1', call)],
      [1, () => this.endpoint(call)],
    ]);
  }

  /** Returns an object that interferes when it is converted to text. */
  speaking(text, call) {
    const speak = () => {
      call.interfere('conversion');
      return call.random.chance(85) ? text : call.random.pick(numbers);
    };
    return { toString: speak, valueOf: speak };
  }

  throwing() {
    const fail = () => {
      throw new Error('of a trap');
    };
    return new Proxy({}, { get: fail, set: fail, has: fail, ownKeys: fail });
  }

  /** Returns something that wraps the value. */
  wrapped(value, call) {
    const isObject = typeof value === 'object' && value !== null;
    if (!isObject) return this.speaking(String(value), call);
    const proxy = new Proxy(value, {
      get(target, name) {
        if (call.random.chance(10)) call.interfere('proxy');
        return Reflect.get(target, name, target);
      },
    });
    this.world.callbacks.alias(proxy, value);
    return proxy;
  }
}

const anyKinds = [
  ...['number', 'number', 'bigint', 'flag', 'nothing', 'bytes', 'bytes'],
  ...['text', 'oddText', 'encoding', 'list', 'address', 'endpoint', 'port'],
  ...['path', 'key', 'request', 'callback', 'socket', 'token', 'handle'],
  ...['object', 'object', 'descriptor'],
];

module.exports = { Values, kindOf };
