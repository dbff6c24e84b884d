// rust-net/http.

import * as http from 'node:http';
import { createServer, install, uninstall, useNode } from 'rust-net/http';

install() satisfies void;
const server = http.createServer();
useNode(server) satisfies void;
// @ts-expect-error a server of node:http
useNode({});
// @ts-expect-error
useNode();
createServer() satisfies http.Server;
createServer(
  { proxyProtocol: 'require', keepAliveTimeout: 10 },
  (request, response) => response.end(request.url),
) satisfies http.Server;
// @ts-expect-error neither 'require' nor 'accept'
createServer({ proxyProtocol: true });
uninstall() satisfies void;
