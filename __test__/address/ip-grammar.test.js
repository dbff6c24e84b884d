'use strict';

const assert = require('node:assert');
const { both, same } = require('../helpers/both');

const names = ['isIP', 'isIPv4', 'isIPv6'];

both('isIP tells the two families and nothing else', (net) => {
  const expected = {
    '127.0.0.1': 4,
    '0.0.0.0': 4,
    '255.255.255.255': 4,
    '256.0.0.1': 0,
    '01.2.3.4': 0,
    '1.2.3': 0,
    '1.2.3.4.': 0,
    '1.2.3.4\n': 0,
    '': 0,
    localhost: 0,
    '::': 6,
    '::1': 6,
    '1::': 6,
    '1:2:3:4:5:6:7:8': 6,
    '1:2:3:4:5:6:7::': 6,
    '1:2:3:4:5:6:7:8::': 0,
    '1::2::3': 0,
    ':::': 0,
    '1:2:3:4:5:6:7:': 0,
    '12345::': 0,
    '::ffff:1.2.3.4': 6,
    '1:2:3:4:5:6:1.2.3.4': 6,
    '1:2:3:4:5:6:7:1.2.3.4': 0,
    '::1.2.3.4:5': 0,
    '::01.2.3.4': 0,
    'fe80::1%eth0': 6,
    'fe80::1%a.b-c:d': 6,
    'fe80::1%': 0,
    'fe80::1%a b': 0,
    'fe80::1%a%b': 0,
    '1.2.3.4%eth0': 0,
    '%eth0': 0,
  };
  for (const [text, family] of Object.entries(expected)) {
    const answer = names.map((name) => net[name](text));
    assert.deepStrictEqual(answer, [family, family === 4, family === 6], text);
  }
});

same('isIP of what is not a string', (net) => {
  const values = [undefined, null, true, 4, 7n, {}, [], ['::1'], ['1.2.3.4']];
  values.push({ toString: () => '10.0.0.1' }, () => {}, new String('::'));
  return values.map((value) => names.map((name) => net[name](value)));
});

both('isIP asks an object for its text as often as it tries', (net) => {
  const texts = ['no', '::1'];
  const changing = { toString: () => texts.shift() };
  assert.strictEqual(net.isIP(changing), 6);
});

same('isIP of a symbol throws', (net) =>
  names.map((name) => {
    try {
      return net[name](Symbol('address'));
    } catch ({ name: kind, message }) {
      return { kind, message };
    }
  }),
);
