'use strict';

/* The preload of opentelemetry.js: every span is kept where it finds them. */

const { createRequire } = require('node:module');
const path = require('node:path');

const load = createRequire(path.join(process.cwd(), 'package.json'));
const { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } = load(
  '@opentelemetry/sdk-trace-node',
);
const { registerInstrumentations } = load('@opentelemetry/instrumentation');
const { NetInstrumentation } = load('@opentelemetry/instrumentation-net');
const { DnsInstrumentation } = load('@opentelemetry/instrumentation-dns');

const exporter = new InMemorySpanExporter();
const spanProcessors = [new SimpleSpanProcessor(exporter)];
new NodeTracerProvider({ spanProcessors }).register();
registerInstrumentations({
  instrumentations: [new NetInstrumentation(), new DnsInstrumentation()],
});
/** @type {any} */ (globalThis).exporter = exporter;
