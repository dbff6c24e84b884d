// rust-net/http.

import * as http from 'node:http';
import { install, uninstall, useNode } from 'rust-net/http';

install() satisfies void;
const server = http.createServer();
useNode(server) satisfies void;
// @ts-expect-error a server of node:http
useNode({});
// @ts-expect-error
useNode();
uninstall() satisfies void;
