import { metrics as api, type Meter } from '@opentelemetry/api';
import { PrometheusExporter, PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';

/** How long a reading waits for what is asked elsewhere; what answers later keeps its last figure. */
const PATIENCE_MS = 2_000;

export interface Metrics {
  readonly meter: Meter;
  /** All metrics of this process in Prometheus's text format. */
  text(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Collects the metrics of this process. Installs itself as OpenTelemetry's global provider, so it must run before anything asks
 * for a meter: a meter asked for earlier counts nothing, for ever.
 */
export function startMetrics(): Metrics {
  // The exporter's own listener is not wanted: the API answers /metrics.
  const reader = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({ readers: [reader] });
  const serializer = new PrometheusSerializer(undefined, false, undefined, true, true);
  api.setGlobalMeterProvider(provider);
  return {
    meter: provider.getMeter('throughline'),
    text: async () => serializer.serialize((await reader.collect({ timeoutMillis: PATIENCE_MS })).resourceMetrics),
    close: () => provider.shutdown(),
  };
}
