'use strict';

const assert = require('node:assert');
const { both } = require('../helpers/both');

both('parse reads what a URL takes for its host', { since: '22.13' }, (net) => {
  const v4 = (address, port = 0) => ({
    address,
    port,
    family: 'ipv4',
    flowlabel: 0,
  });
  const v6 = (address, port = 0) => ({ ...v4(address, port), family: 'ipv6' });
  const expected = [
    ['1.2.3.4', v4('1.2.3.4')],
    ['1.2.3.4:5678', v4('1.2.3.4', 5678)],
    ['1.2.3.4:', v4('1.2.3.4')],
    ['1.2.3.4:65535', v4('1.2.3.4', 65535)],
    ['127.1:81', v4('127.0.0.1', 81)],
    ['0x7f000001', v4('127.0.0.1')],
    // The port that http has by itself.
    ['1.2.3.4:80', v4('1.2.3.4')],
    ['user@1.2.3.4:5/path?query', v4('1.2.3.4', 5)],
    ['[::1]', v6('::1')],
    ['[::1]:8080', v6('::1', 8080)],
    ['[::ffff:1.2.3.4]:1', v6('::ffff:1.2.3.4', 1)],
  ];
  for (const [input, fields] of expected) {
    const parsed = net.SocketAddress.parse(input);
    assert.ok(net.SocketAddress.isSocketAddress(parsed), input);
    assert.deepStrictEqual(parsed.toJSON(), fields, input);
  }
});

both('parse has nothing to say of other text', { since: '22.13' }, (net) => {
  const inputs = ['', '::1', '1.2.3.4:65536', '1.2.3.4:-1', '[1.2.3.4]', 'a:1'];
  for (const input of [...inputs, ' ', '[::1', '1.2.3.4.5', '[fe80::1%lo]']) {
    assert.strictEqual(net.SocketAddress.parse(input), undefined, input);
  }
});

both('parse takes a string only', { since: '22.13' }, (net) => {
  for (const input of [undefined, null, 1, {}, ['1.2.3.4']]) {
    assert.throws(() => net.SocketAddress.parse(input), {
      name: 'TypeError',
      code: 'ERR_INVALID_ARG_TYPE',
      message: /^The "input" argument must be of type string\. Received /,
    });
  }
});
