/**
 * One trace from a request over the events it led to, the views that show them and the sagas that go on from them, to what
 * leaves the house. Processes hand it on in the events' metadata (W3C Trace Context), so it holds across days and restarts.
 */
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';

export interface Tracing {
  /** Sends what is gathered still, for a bounded time. */
  close(): Promise<void>;
}

const EXPORT_EVERY_MS = 2_000;
const EXPORT_MS_MAX = 3_000;
const GATHERED_MAX = 4_096;
const ATTRIBUTE_LENGTH_MAX = 200;

const off: Tracing = { close: async () => undefined };

/**
 * Sends spans of this process to a collector (OTLP over HTTP, e.g. `http://127.0.0.1:4318`); without an address nothing is
 * gathered. A collector that is away costs nothing but the spans.
 */
export function startTracing(endpoint: string | undefined, role: string): Tracing {
  if (endpoint === undefined) return off;
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, '')}/v1/traces`, timeoutMillis: EXPORT_MS_MAX });
  const processor = new BatchSpanProcessor({
    exporter,
    scheduledDelayMillis: EXPORT_EVERY_MS,
    exportTimeoutMillis: EXPORT_MS_MAX,
    maxQueueSize: GATHERED_MAX,
  });
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': `throughline-${role}` }),
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    spanLimits: { attributeValueLengthLimit: ATTRIBUTE_LENGTH_MAX },
    spanProcessors: [processor],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  trace.setGlobalTracerProvider(provider);
  return {
    close: async () => {
      await provider.shutdown().catch(() => undefined);
      trace.disable();
      propagation.disable();
      context.disable();
    },
  };
}

const tracer = trace.getTracer('throughline');

/** Where a trace goes on that was handed over as W3C text. */
const handedOver = (traceparent: string | undefined): Context =>
  traceparent === undefined ? ROOT_CONTEXT : propagation.extract(ROOT_CONTEXT, { traceparent });

/** A span as W3C text; what was handed over where nothing is gathered. */
export function traceparentOf(span: Span, otherwise?: string): string | undefined {
  const carrier: { traceparent?: string } = {};
  propagation.inject(trace.setSpan(ROOT_CONTEXT, span), carrier);
  return carrier.traceparent ?? otherwise;
}

/** A span for a request of another program, which may have handed its trace over. */
export const requestSpan = (traceparent: string | undefined): Span =>
  tracer.startSpan('request', { kind: SpanKind.SERVER }, handedOver(traceparent));

/** Goes on inside a span: what is begun there becomes a part of it. */
export const insideOf = (span: Span, work: () => void): void => context.with(trace.setSpan(context.active(), span), work);

/**
 * Works inside a span of the trace under way here, else of the one handed over; hands the trace on to the work. A span tells
 * names and ids, never what is in a record.
 */
export function traced<Result>(
  name: string,
  { traceparent, attributes = {} }: { readonly traceparent?: string | undefined; readonly attributes?: Attributes },
  work: (traceparent: string | undefined) => Promise<Result>,
): Promise<Result> {
  const parent = trace.getActiveSpan() === undefined ? handedOver(traceparent) : context.active();
  return tracer.startActiveSpan(name, { attributes }, parent, async span => {
    try {
      return await work(traceparentOf(span, traceparent));
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : 'Error' });
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Traces named one by one in a batch; the others are in it all the same. */
const NAMED_MAX = 50;

/**
 * Works inside a span of its own that many traces led to, and tells each of them, as a span in its own, how long it took.
 */
export async function tracedTogether<Result>(
  name: string,
  traceparents: readonly (string | undefined)[],
  attributes: Attributes,
  work: () => Promise<Result>,
): Promise<Result> {
  const led = [...new Set(traceparents)]
    .filter(given => given !== undefined)
    .slice(0, NAMED_MAX)
    .map(handedOver);
  const links = led.flatMap(one => trace.getSpanContext(one) ?? []).map(spanContext => ({ context: spanContext }));
  const startTime = Date.now();
  return tracer.startActiveSpan(name, { attributes, links, startTime }, ROOT_CONTEXT, async span => {
    try {
      return await work();
    } finally {
      span.end();
      for (const one of led) tracer.startSpan(name, { attributes, startTime, links: [{ context: span.spanContext() }] }, one).end();
    }
  });
}
