import { z } from 'zod'

/** A message of the main process to a worker. */
const order = z.discriminatedUnion('type', [
  z.object({ type: z.literal('serve'), databaseUrl: z.string() }),
  z.object({ type: z.literal('read-metrics'), id: z.number() }),
  z.object({ type: z.literal('stop') }),
])
export type Order = z.infer<typeof order>

/** A message of a worker to the main process. `metrics` are prom-client's, for its `aggregate`. */
const report = z.discriminatedUnion('type', [
  z.object({ type: z.literal('listening'), origins: z.array(z.string()), port: z.number() }),
  z.object({ type: z.literal('failed'), reason: z.string() }),
  z.object({ type: z.literal('metrics'), id: z.number(), metrics: z.array(z.looseObject({})) }),
])
export type Report = z.infer<typeof report>

/** Null for a message that is none: other modules may use the same channel. */
export function parseOrder(message: unknown): Order | null {
  return order.safeParse(message).data ?? null
}

/** As {@link parseOrder}. */
export function parseReport(message: unknown): Report | null {
  return report.safeParse(message).data ?? null
}
