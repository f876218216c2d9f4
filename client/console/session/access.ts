import type { Vault } from '../../index.ts'

/** What a page may do that only looks: read, follow alerts, acknowledge them. */
export type ViewerVault = Pick<
  Vault,
  | 'url'
  | 'owner'
  | 'managementKeyId'
  | 'account'
  | 'keyPage'
  | 'key'
  | 'alerts'
  | 'alertHistory'
  | 'acknowledgeAlerts'
  | 'webhooks'
>

/** A vault cut down to what a viewer may: the rest is not there, rather than hidden. */
export function viewerOf(vault: Vault): ViewerVault {
  return {
    url: vault.url,
    owner: vault.owner,
    managementKeyId: vault.managementKeyId,
    account: () => vault.account(),
    keyPage: (options) => vault.keyPage(options),
    key: (id) => vault.key(id),
    alerts: (options) => vault.alerts(options),
    alertHistory: (options) => vault.alertHistory(options),
    acknowledgeAlerts: (upTo) => vault.acknowledgeAlerts(upTo),
    webhooks: () => vault.webhooks(),
  }
}
