/** Where OpenTelemetry traces are sent, and which. */
export interface TraceSettings {
  /** The collector's URL for traces, e.g. `http://localhost:4318/v1/traces` (OTLP over HTTP, protobuf). */
  readonly url: string
  /** Sent with each batch, e.g. `authorization`. */
  readonly headers: Readonly<Record<string, string>>
  readonly serviceName: string
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly sampler: {
    readonly name: SamplerName
    /** The share of traces, for `traceidratio`. */ readonly ratio: number
  }
}

/** Those of OpenTelemetry's `OTEL_TRACES_SAMPLER`. */
export const samplerNames = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const

/** Which traces are recorded. */
export type SamplerName = (typeof samplerNames)[number]
