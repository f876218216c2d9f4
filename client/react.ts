/** `claviger/react`: hooks for React 19 and later, for an owner's keys and alerts in a page. */
export type { AlertsSnapshot } from './react/alert-store.ts'
export { useAlerts, type AlertsState } from './react/use-alerts.ts'
export { useKeys, type KeysOptions, type KeysState } from './react/use-keys.ts'
export {
  useVault,
  VaultProvider,
  type OpenedVault,
  type VaultActions,
  type VaultProviderProps,
  type VaultState,
} from './react/vault-provider.ts'
export { useVerification, type VerificationState } from './react/use-verification.ts'
