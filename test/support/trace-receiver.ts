import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TraceSettings } from '../../server/observation/trace-settings.ts'

/** A span as a collector gets it. Ids are in hexadecimal. */
export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty: it is the first of its trace. */
  readonly parentSpanId: string
  readonly name: string
  /** 1: internal, 2: of a request, 3: waits for another system. */
  readonly kind: number
  readonly durationMs: number
  readonly attributes: Readonly<Record<string, string>>
  /** 2: it failed. */
  readonly status: number
}

/** A collector on loopback: OTLP over HTTP, protobuf. */
export interface TraceReceiver {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly url: string
  /** The settings that send a server's traces to it. */
  readonly settings: TraceSettings
  readonly spans: readonly ReceivedSpan[]
  /** All that came, byte for byte, and the headers. */
  readonly raw: readonly string[]
  /** The resource attributes of every batch. */
  readonly resources: readonly Readonly<Record<string, string>>[]
  close(): Promise<void>
}

export async function startTraceReceiver(): Promise<TraceReceiver> {
  const spans: ReceivedSpan[] = []
  const raw: string[] = []
  const resources: Record<string, string>[] = []
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      raw.push(JSON.stringify(request.headers), body.toString('latin1'))
      if (request.url === '/v1/traces') {
        for (const batch of fieldsOf(body, 1)) {
          resources.push(...fieldsOf(batch, 1).map((resource) => attributesOf(resource, 1)))
          for (const scope of fieldsOf(batch, 2)) spans.push(...fieldsOf(scope, 2).map(spanOf))
        }
      }
      response.writeHead(request.url === '/v1/traces' ? 200 : 404).end()
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${String(port)}`
  return {
    url,
    settings: {
      url: `${url}/v1/traces`,
      headers: {},
      serviceName: 'claviger',
      resourceAttributes: {},
      sampler: { name: 'parentbased_always_on', ratio: 1 },
    },
    spans,
    raw,
    resources,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** The numbers of fields are those of opentelemetry/proto/trace/v1/trace.proto. */
function spanOf(message: Buffer): ReceivedSpan {
  const hex = (field: number) => fieldsOf(message, field)[0]?.toString('hex') ?? ''
  const nanoseconds = (field: number) => fieldsOf(message, field)[0]?.readBigUInt64LE() ?? 0n
  const [status = Buffer.alloc(0)] = fieldsOf(message, 15)
  return {
    traceId: hex(1),
    spanId: hex(2),
    parentSpanId: hex(4),
    name: fieldsOf(message, 5)[0]?.toString() ?? '',
    kind: fieldsOf(message, 6)[0]?.[0] ?? 0,
    durationMs: Number(nanoseconds(8) - nanoseconds(7)) / 1e6,
    attributes: attributesOf(message, 9),
    status: fieldsOf(status, 3)[0]?.[0] ?? 0,
  }
}

function attributesOf(message: Buffer, field: number): Record<string, string> {
  return Object.fromEntries(
    fieldsOf(message, field).map((pair) => {
      const [value = Buffer.alloc(0)] = fieldsOf(pair, 2)
      const [text = Buffer.alloc(0)] = fieldsOf(value, 1)
      return [fieldsOf(pair, 1)[0]?.toString() ?? '', text.toString()]
    }),
  )
}

/** The values of a field of a protobuf message; varints by their bytes. */
function fieldsOf(message: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = []
  for (let at = 0; at < message.length;) {
    const tag = varintAt(message, at)
    at = tag.end
    const wireType = tag.value & 7
    const length = wireType === 2 ? varintAt(message, at) : null
    const begin = length?.end ?? at
    const size = { 0: varintAt(message, at).end - at, 1: 8, 2: length?.value ?? 0, 5: 4 }[wireType]
    if (size === undefined) throw new TypeError(`This is no protobuf: wire type ${String(wireType)}.`)
    at = begin + size
    if (tag.value >>> 3 === wanted) found.push(message.subarray(begin, at))
  }
  return found
}

function varintAt(message: Buffer, begin: number): { readonly value: number; readonly end: number } {
  let value = 0
  let at = begin
  for (let shift = 0; at < message.length; shift += 7) {
    const byte = message[at++] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
  }
  return { value, end: at }
}
