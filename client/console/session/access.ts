import type { Vault } from '../../index.ts'
import type { ConsoleMode } from './mode.ts'

/** The operations of a page that only looks: read, follow alerts, acknowledge them. */
export type ViewerVault = Pick<
  Vault,
  | 'url'
  | 'owner'
  | 'managementKeyId'
  | 'kind'
  | 'account'
  | 'keyPage'
  | 'key'
  | 'alerts'
  | 'alertHistory'
  | 'acknowledgeAlerts'
  | 'verifyAuditLog'
  | 'channels'
  | 'webhooks'
  | 'graphql'
  | 'subscribe'
>

/**
 * Whether this page may be opened with a vault's key: one for viewing only opens with a VIEWER's alone. A page of the key
 * server's could be changed by whoever runs it, and would then do whatever its key can.
 */
export function mayOpen(mode: ConsoleMode, { kind }: Pick<Vault, 'kind'>): boolean {
  return mode !== 'viewer' || kind === 'VIEWER'
}

/**
 * A vault cut down to what a viewer may: the rest is not there, rather than hidden. Documents of one's own are among it: what
 * changes something the key server refuses a VIEWER.
 */
export function viewerOf(vault: Vault): ViewerVault {
  return {
    url: vault.url,
    owner: vault.owner,
    managementKeyId: vault.managementKeyId,
    kind: vault.kind,
    account: () => vault.account(),
    keyPage: (options) => vault.keyPage(options),
    key: (id) => vault.key(id),
    alerts: (options) => vault.alerts(options),
    alertHistory: (options) => vault.alertHistory(options),
    acknowledgeAlerts: (upTo) => vault.acknowledgeAlerts(upTo),
    verifyAuditLog: (options) => vault.verifyAuditLog(options),
    channels: () => vault.channels(),
    webhooks: () => vault.webhooks(),
    graphql: (document, variables) => vault.graphql(document, variables),
    subscribe: (document, options) => vault.subscribe(document, options),
  }
}
