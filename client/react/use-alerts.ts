import { useCallback, useSyncExternalStore } from 'react'
import { alertStoreOf, nothing, type AlertsSnapshot, type NewestAlerts } from './alert-store.ts'
import { useLastRead, useVault } from './vault-provider.ts'

/** The result of {@link useAlerts}. */
export interface AlertsState extends AlertsSnapshot {
  /**
   * Marks the alerts up to and including this cursor as read.
   *
   * @throws as `vault.acknowledgeAlerts`
   */
  readonly acknowledge: (upTo: string) => Promise<void>
}

const subscribeToNothing = () => () => undefined

/**
 * The account's alerts: the newest of the past, then live. All components share one stream, which reconnects and catches up
 * by itself; `connection` says how it stands.
 */
export function useAlerts(): AlertsState {
  const { vault } = useVault()
  const last = useLastRead<NewestAlerts>('alerts')
  const store = vault === null ? null : alertStoreOf(vault, last)
  const snapshot = useSyncExternalStore(
    store?.subscribe ?? subscribeToNothing,
    store?.snapshot ?? (() => nothing),
    () => nothing,
  )
  const acknowledge = useCallback(
    async (upTo: string) => {
      await store?.acknowledge(upTo)
    },
    [store],
  )
  return { ...snapshot, acknowledge }
}
