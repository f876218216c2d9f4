import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Tracer } from '@opentelemetry/api'
import { ExportResultCode, parseTraceParent } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import { setTimeout as delay } from 'node:timers/promises'
import type { ErrorCode } from '../../schema/wire/errors.ts'
import { codesOf } from '../database/error-codes.ts'
import type { Logger } from '../lib/log.ts'
import type { Span, SpanEnd, Step, Traces } from '../lib/traces.ts'
import { version } from '../lib/version.ts'
import type { TraceSettings } from './trace-settings.ts'

/** How long the end of the server waits for a collector that does not answer. */
const closeMsMax = 3_000
/** A request has fewer steps. A subscription has some for each event, for as long as its client likes. */
const stepsMax = 100

/** Codes that are the server's fault; others are the client's. */
const faults: ReadonlySet<string> = new Set<ErrorCode>(['INTERNAL_SERVER_ERROR', 'UNAVAILABLE'])

/**
 * Traces by OpenTelemetry, sent to a collector in batches (OTLP over HTTP, protobuf). A collector that is away or slow costs
 * spans, and delays nothing: beyond 2,048 that wait, spans are dropped.
 */
export function createOpenTelemetry(settings: TraceSettings, { log }: { readonly log: Logger }): Traces {
  const exporter = new OTLPTraceExporter({ url: settings.url, headers: settings.headers })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      'service.version': version,
      ...settings.resourceAttributes,
      'service.name': settings.serviceName,
    }),
    sampler: samplerOf(settings.sampler),
    spanProcessors: [new BatchSpanProcessor({ exporter: logFailures(exporter, log) })],
  })
  const tracer = provider.getTracer('@claviger/server', version)
  return {
    begin(step, { traceparent } = {}) {
      const remote = traceparent === undefined ? null : parseTraceParent(traceparent)
      const parent =
        remote === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...remote, isRemote: true })
      return beginSpan(tracer, step, {
        parent,
        kind: step.isRequest === true ? SpanKind.SERVER : SpanKind.INTERNAL,
      })
    },
    async close() {
      const timeout = delay(closeMsMax, undefined, { ref: false })
      await Promise.race([provider.shutdown().catch(() => undefined), timeout])
    },
  }
}

interface SpanPosition {
  readonly parent: Context
  readonly kind: SpanKind
}

function beginSpan(
  tracer: Tracer,
  { name, attributes = {} }: Step,
  { parent, kind }: SpanPosition,
): Span | null {
  const span = tracer.startSpan(name, { kind, attributes: { ...attributes } }, parent)
  if (!span.isRecording()) return null
  const context = trace.setSpan(ROOT_CONTEXT, span)
  let steps = 0
  return {
    begin(step) {
      if (steps >= stepsMax || !span.isRecording()) return null
      steps += 1
      const isRemote = step.isRemote === true
      return beginSpan(tracer, step, {
        parent: context,
        kind: isRemote ? SpanKind.CLIENT : SpanKind.INTERNAL,
      })
    },
    end(end = {}) {
      const code = codeOf(end)
      if (end.name !== undefined) span.updateName(end.name)
      span.setAttributes({ ...end.attributes })
      if (code !== null) {
        span.setAttribute('error.type', code)
        if (isFault(code, kind)) span.setStatus({ code: SpanStatusCode.ERROR })
      }
      span.end()
    },
  }
}

/** Never the message of an error, which may quote what was sent. */
function codeOf({ code = null, error }: SpanEnd): string | null {
  if (error === undefined) return code
  return codesOf(error)[0] ?? (error instanceof Error ? error.name : 'UNKNOWN')
}

/** A request that was refused is the client's fault, and any failure of a step is one. */
function isFault(code: string, kind: SpanKind): boolean {
  return kind !== SpanKind.SERVER || faults.has(code) || code.startsWith('HTTP_5')
}

function samplerOf({ name, ratio }: TraceSettings['sampler']): Sampler {
  const [, isParentBased, kind] = /^(parentbased_)?(.*)$/.exec(name) ?? []
  const root =
    kind === 'always_off'
      ? new AlwaysOffSampler()
      : kind === 'traceidratio'
        ? new TraceIdRatioBasedSampler(ratio)
        : new AlwaysOnSampler()
  return isParentBased === undefined ? root : new ParentBasedSampler({ root })
}

/** Tells the operator once when the collector takes no more spans, and when it takes them again. Its answers are not logged. */
function logFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  let isFailing = false
  return {
    export(spans, onResult) {
      exporter.export(spans, (result) => {
        const fails = result.code !== ExportResultCode.SUCCESS
        if (fails && !isFailing) {
          log.warn({ err: result.error }, 'the collector takes no traces: check OTEL_EXPORTER_OTLP_ENDPOINT')
        } else if (!fails && isFailing) log.info('the collector takes traces again')
        isFailing = fails
        onResult(result)
      })
    },
    shutdown: () => exporter.shutdown(),
  }
}
