import type { DatabaseNode } from '../database/distribution/nodes.ts'
import { runPeriodically } from '../lib/jobs.ts'
import { isTrouble } from '../database/trouble.ts'
import { NotificationListener, type NotificationListenerOptions } from './notification-listener.ts'

const retryMs = 3_000

/**
 * Listens at one of several nodes, as soon as it can be reached: a node notifies of its own commits, and of no others. Until
 * then, and whenever it is away, subscribers read every few seconds.
 *
 * @returns a function that ends it
 */
export function listenAtNode({
  node,
  ...options
}: Omit<NotificationListenerOptions, 'source'> & { readonly node: DatabaseNode }): () => Promise<void> {
  const { notifications, log } = options
  const source = node.name
  notifications.setProven(false, source)
  let listener: NotificationListener | null = null
  const stopTrying = runPeriodically(
    async () => {
      if (listener !== null) return false
      const next = new NotificationListener({ ...options, source })
      try {
        await next.start()
        listener = next
      } catch (error) {
        await next.stop()
        throw error
      }
      return false
    },
    { name: `listening at ${source}`, everyMs: retryMs, log, isFromOutside: isTrouble },
  )
  return async () => {
    await stopTrying()
    await listener?.stop()
    notifications.forget(source)
  }
}
