'use strict';

// The tests of TLS on a socket again, where every record passes through the socket's
// stream.

process.env.RUST_NET_HAND_OVER = '0';
process.env.NET_SUBJECTS = 'rust-net';
require('./tls.test');
