import {
  indexedDbKeystore,
  passkeyKeystore,
  type Account,
  type Channel,
  type TransactionKey,
  type Vault,
  type Webhook,
} from '../../index.ts'
import { readDueKeys, type DueKeys } from '../data/due-keys.ts'
import { KeyList } from '../data/key-list.ts'
import { readKeyTotals, type KeyTotals } from '../data/key-totals.ts'
import { lastRead } from '../../keystore/last-read.ts'
import { Resource } from '../data/resource.ts'
import { viewerOf, type ViewerVault } from './access.ts'
import { AlertFeed } from './alert-feed.ts'
import { ConnectionMonitor } from './connection.ts'
import type { ConsoleMode } from './mode.ts'

/** Where this browser keeps its management key at this origin: one of the two is filled at most. */
export const keystores = { browser: indexedDbKeystore(), passkey: passkeyKeystore() } as const

export type KeystoreChoice = keyof typeof keystores

/** Watches all requests and sockets of the page. */
export const connection = new ConnectionMonitor()

/** How every vault of this page is reached. */
export const connectionOptions = { fetch: connection.fetch, webSocketImpl: connection.webSocket }

/** Everything that the pages of an open account work with. */
export interface ConsoleSession {
  readonly mode: ConsoleMode
  readonly keptBy: KeystoreChoice
  readonly viewer: ViewerVault
  /** The operations that change something; null where this page may only look, and where the key is a VIEWER's. */
  readonly owner: Vault | null
  readonly alerts: AlertFeed
  readonly keys: KeyList
  /** How many keys there are in each state. */
  readonly totals: Resource<KeyTotals>
  /** The keys whose terms end. */
  readonly due: Resource<DueKeys>
  readonly account: Resource<Account>
  readonly channels: Resource<readonly Channel[]>
  readonly webhooks: Resource<readonly Webhook[]>
  readonly key: (id: string) => Resource<TransactionKey | null>
  /** Takes over a key that was created or changed, wherever it is shown. */
  readonly putKey: (key: TransactionKey) => void
}

/** Least recently opened keys are forgotten first. */
const keysKeptMax = 100

export function createSession(
  vault: Vault,
  { mode, keptBy }: Pick<ConsoleSession, 'mode' | 'keptBy'>,
): ConsoleSession {
  const viewer = viewerOf(vault)
  const last = <T extends object>(name: string) => lastRead<T>(viewer.managementKeyId, name)
  const keys = new KeyList(viewer)
  const totals = new Resource(() => readKeyTotals(viewer), last('totals'))
  const due = new Resource(() => readDueKeys(viewer), last('due'))
  const opened = new Map<string, Resource<TransactionKey | null>>()
  const put = (key: TransactionKey) => {
    keys.put(key)
    totals.expire()
    due.expire()
  }
  const open = (id: string) => {
    const known = opened.get(id)
    if (known !== undefined) return known
    const resource = new Resource(async () => {
      const key = await viewer.key(id)
      if (key !== null) put(key)
      return key
    })
    const [oldest] = opened.keys()
    if (opened.size >= keysKeptMax && oldest !== undefined) opened.delete(oldest)
    opened.set(id, resource)
    return resource
  }
  return {
    mode,
    keptBy,
    viewer,
    owner: mode === 'viewer' || vault.kind === 'VIEWER' ? null : vault,
    alerts: new AlertFeed(viewer),
    keys,
    totals,
    due,
    account: new Resource(() => viewer.account(), last('account')),
    webhooks: new Resource<readonly Webhook[]>(() => viewer.webhooks(), last('webhooks')),
    // Contact data is not kept in the browser.
    channels: new Resource<readonly Channel[]>(() => viewer.channels()),
    key: open,
    putKey: (key) => {
      put(key)
      open(key.id).set(key)
    },
  }
}
