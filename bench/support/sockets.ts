import { WebSocket } from 'ws'
import { z } from 'zod'

/** The measured part of a delivered alert. */
export interface Delivery {
  readonly id: string
  /** When the alert was stored, and when it was received, in milliseconds since 1970 by this machine's clock. */
  readonly storedAtMs: number
  readonly arrivedAtMs: number
}

export interface SubscriberOptions {
  readonly url: string
  readonly init: () => Promise<object>
  readonly query: string
  readonly variables: object
  readonly onDelivery: (delivery: Delivery) => void
}

const alertShape = z.object({ id: z.string(), occurredAt: z.string() })
const messageShape = z.object({
  type: z.string(),
  payload: z.object({ data: z.object({ alerts: alertShape }).optional() }).optional(),
})

/** Opens a subscription on a socket of its own. Resolves when the socket is acknowledged and the subscription was sent. */
export async function subscribe(options: SubscriberOptions): Promise<WebSocket> {
  const socket = new WebSocket(`${options.url.replace(/^http/, 'ws')}/graphql`, ['graphql-transport-ws'], {
    handshakeTimeout: 10_000,
    perMessageDeflate: false,
  })
  const { promise, resolve, reject } = Promise.withResolvers<undefined>()
  socket.once('error', reject)
  socket.once('close', (code) => {
    reject(new Error(`A socket was closed with ${code}.`))
  })
  socket.once('open', () => {
    options.init().then((payload) => {
      socket.send(JSON.stringify({ type: 'connection_init', payload }))
    }, reject)
  })
  socket.on('message', (data: Buffer) => {
    const arrivedAtMs = performance.timeOrigin + performance.now()
    const message = messageShape.parse(JSON.parse(data.toString()))
    const alert = message.payload?.data?.alerts
    if (message.type === 'connection_ack') {
      const { query, variables } = options
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }), () => {
        resolve(undefined)
      })
    } else if (alert) {
      options.onDelivery({ id: alert.id, storedAtMs: Date.parse(alert.occurredAt), arrivedAtMs })
    } else if (message.type === 'ping') {
      socket.send(JSON.stringify({ type: 'pong' }))
    }
  })
  await promise
  return socket
}

/** Calls a function for each item, a limited number at a time. */
export async function forEach<T>(
  things: readonly T[],
  { atOnce }: { readonly atOnce: number },
  work: (thing: T) => Promise<void>,
): Promise<void> {
  const queue = things.values()
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const thing of queue) await work(thing)
    }),
  )
}
