import { z } from 'zod'
import { samplerNames, type TraceSettings } from '../observation/trace-settings.ts'
import { httpUrl, keyValues, oneOf } from './parsers.ts'
import { helps } from './setting-help.ts'

/** The settings of OpenTelemetry that the server reads, under their standard names. */
export const traceRows = {
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.nullable().default(null).register(helps, {
    value: 'URL',
    help: 'the OpenTelemetry collector that traces are sent to, at /v1/traces below this URL (OTLP over HTTP)',
    otherwise: 'none: nothing is traced',
  }),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl.nullable().default(null).register(helps, {
    value: 'URL',
    help: 'the whole URL that traces are sent to',
    otherwise: 'made of OTEL_EXPORTER_OTLP_ENDPOINT',
  }),
  OTEL_EXPORTER_OTLP_PROTOCOL: oneOf(['http/protobuf']).default('http/protobuf').register(helps, {
    value: 'http/protobuf',
    help: 'how they are sent; the server has no other way',
    otherwise: 'http/protobuf',
  }),
  OTEL_EXPORTER_OTLP_HEADERS: keyValues.default({}).register(helps, {
    value: 'HEADERS',
    help: 'what the collector asks for, e.g. authorization=Bearer%20…',
    otherwise: 'none',
    isSecret: true,
  }),
  OTEL_SERVICE_NAME: z.string().default('claviger').register(helps, {
    value: 'NAME',
    help: 'what traces call this server',
    otherwise: 'claviger',
  }),
  OTEL_RESOURCE_ATTRIBUTES: keyValues.default({}).register(helps, {
    value: 'KEY=VALUE,...',
    help: 'what else traces say of this server, e.g. deployment.environment.name=production',
    otherwise: 'none',
  }),
  OTEL_TRACES_SAMPLER: oneOf(samplerNames)
    .default('parentbased_always_on')
    .register(helps, {
      value: 'NAME',
      help: `which requests are traced: ${samplerNames.join(', ')}`,
      otherwise: 'parentbased_always_on',
    }),
  OTEL_TRACES_SAMPLER_ARG: z
    .string()
    .regex(/^(0|1|0?\.\d+|1\.0+)$/, { error: 'must be a number from 0 to 1' })
    .transform(Number)
    .default(1)
    .register(helps, {
      value: 'RATIO',
      help: 'how much of them traceidratio traces, from 0 to 1',
      otherwise: '1',
    }),
  OTEL_TRACES_EXPORTER: oneOf(['otlp', 'none']).default('otlp').register(helps, {
    value: 'otlp|none',
    help: 'none: nothing is traced, whatever else is set',
    otherwise: 'otlp',
  }),
  OTEL_SDK_DISABLED: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .transform((word) => word === 'true')
    .default(false)
    .register(helps, {
      value: 'true|false',
      help: 'true: nothing is traced, whatever else is set',
      otherwise: 'false',
    }),
}

type TraceRows = { readonly [Name in keyof typeof traceRows]: z.output<(typeof traceRows)[Name]> }

/** Where traces are sent, of the settings that were parsed. Null: nothing is traced. */
export function traceSettingsOf(data: TraceRows): TraceSettings | null {
  const url =
    data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    data.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/*$/, '/v1/traces') ??
    null
  if (url === null || data.OTEL_SDK_DISABLED || data.OTEL_TRACES_EXPORTER === 'none') return null
  return {
    url,
    headers: data.OTEL_EXPORTER_OTLP_HEADERS,
    serviceName: data.OTEL_SERVICE_NAME,
    resourceAttributes: data.OTEL_RESOURCE_ATTRIBUTES,
    sampler: { name: data.OTEL_TRACES_SAMPLER, ratio: data.OTEL_TRACES_SAMPLER_ARG },
  }
}
