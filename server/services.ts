import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { Accounts } from './accounts/accounts.ts'
import { Acquisitions } from './transaction-keys/acquisitions.ts'
import { Alerts } from './alerts/alerts.ts'
import { sweepDeadlines } from './alerts/deadlines.ts'
import { NotificationListener } from './events/notification-listener.ts'
import { pruneAlerts } from './alerts/retention.ts'
import { Notifications } from './events/notifications.ts'
import { VerificationSigner } from './server-keys/verification-signer.ts'
import { SigningKeys } from './server-keys/signing-keys.ts'
import { ApplicationServers } from './application-servers/application-servers.ts'
import { createAuthentication } from './auth/authentication.ts'
import { connectDatabases } from './database/connect.ts'
import { pruneExpired } from './database/pruning.ts'
import type { DatabaseRoute } from './database/route.ts'
import { SettledClock } from './database/settled-clock.ts'
import { KeyChanges } from './key-changes/key-changes.ts'
import { pruneKeyChanges } from './key-changes/retention.ts'
import { KeyServer } from './server-keys/key-server.ts'
import { TransactionKeys } from './transaction-keys/transaction-keys.ts'
import { Pairings } from './pairing/pairings.ts'
import { prunePairings } from './pairing/pruning.ts'
import { runPeriodically } from './lib/jobs.ts'
import { DurableStreams } from './events/durable-streams.ts'
import { ManagementKeys } from './management-keys/management-keys.ts'
import { RevocationWatch } from './auth/revocation-watch.ts'
import { MismatchAlarm } from './verification/mismatch-alarm.ts'
import { Verification } from './verification/verification.ts'
import { WebhookDelivery } from './webhooks/delivery.ts'
import { recallWebhooks } from './webhooks/recall.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/** How often a subscriber looks for news when no notification comes. */
const streamPollMs = 5_000
const deadlineSweepMs = 250
const webhookDeliveryMs = 250
/** How long a revoked key keeps its sockets when no notification comes. */
const revocationCheckMs = 3_000
const pruningMs = 60_000
const webhookRecallMs = 60_000
/** Often enough that a server which runs for seconds only adds to what was measured. */
const clockSightingMs = 10_000
/** How soon every server signs with a key that another one made. */
const signingKeysMs = 30_000
/** Apart from the answer that caused it, and still at once for a person. */
const mismatchAlarmMs = 100

export interface ServicesOptions {
  readonly databaseUrl: string
  /** A direct connection for LISTEN, where `databaseUrl` goes through a pooler. */
  readonly listenUrl: string
  readonly route: DatabaseRoute
  readonly listenRoute: DatabaseRoute
  readonly writeConnectionsMax: number
  /** Seals the server's own keys in the database. */
  readonly serverKeySecret: string
  /** How long alerts are kept. */
  readonly alertRetentionDays: number
  /** Webhooks may be http, and lead to addresses of the operator's own network. */
  readonly allowsPrivateWebhooks: boolean
  /** Application servers may prove their keys over http, and at addresses of the operator's own network. */
  readonly allowsPrivateApplicationServers: boolean
  /** The server's own; the first one is the issuer of signed answers. Asked for when one is needed. */
  readonly origins: () => readonly string[]
  readonly log: Logger
}

export type Services = ReturnType<typeof createServices>

/** Everything behind the ports: no transport, no listening, no process. Nothing runs before `start`. */
export function createServices(options: ServicesOptions) {
  const { databaseUrl, listenUrl, route, writeConnectionsMax, log } = options
  const databases = connectDatabases({ url: databaseUrl, writeConnectionsMax, route })
  const authentication = createAuthentication(databases)
  const stopping = new AbortController()
  // Every subscription listens to it.
  setMaxListeners(0, stopping.signal)
  const wakeUps = new Notifications()
  const revocations = new RevocationWatch(databases)
  const listener = new NotificationListener({
    url: listenUrl,
    route: options.listenRoute,
    notifications: wakeUps,
    onRevoked: (managementKeyId) => {
      revocations.report(managementKeyId)
    },
    log,
  })
  const streams = new DurableStreams({
    notifications: wakeUps,
    revocations,
    pollMs: streamPollMs,
    stopping: stopping.signal,
  })
  const signingKeys = new SigningKeys(databases, { secret: options.serverKeySecret, log })
  const mismatchAlarm = new MismatchAlarm(databases, { log })
  const webhookOptions = {
    serverKeySecret: options.serverKeySecret,
    allowsPrivate: options.allowsPrivateWebhooks,
  }
  const webhookDelivery = new WebhookDelivery(databases, { ...webhookOptions, log })
  const settledClock = new SettledClock(databases, { log })
  let jobs: (() => Promise<void>)[] = []
  return {
    databases,
    authentication,
    revocations,
    accounts: new Accounts(databases),
    managementKeys: new ManagementKeys(),
    transactionKeys: new TransactionKeys(databases),
    acquisitions: new Acquisitions(databases),
    verification: new Verification(databases, {
      answers: new VerificationSigner(signingKeys, { issuer: () => options.origins()[0] ?? '' }),
      mismatchAlarm,
    }),
    alerts: new Alerts({ databases, streams }),
    applicationServers: new ApplicationServers({
      databases,
      proof: { allowsPrivate: options.allowsPrivateApplicationServers },
    }),
    keyChanges: new KeyChanges({ databases, streams }),
    pairings: new Pairings(databases),
    webhooks: new Webhooks({ databases, ...webhookOptions }),
    keyServer: new KeyServer(databases, { signingKeys, origins: options.origins }),
    signingKeys,
    async start(): Promise<void> {
      await signingKeys.start()
      await listener.start()
      jobs = [
        runPeriodically(() => sweepDeadlines(databases), {
          name: 'sweep of deadlines',
          everyMs: deadlineSweepMs,
          log,
        }),
        runPeriodically(() => revocations.check(), {
          name: 'check for revoked management keys',
          everyMs: revocationCheckMs,
          log,
        }),
        runPeriodically(() => webhookDelivery.begin(), {
          name: 'delivery to webhooks',
          everyMs: webhookDeliveryMs,
          log,
        }),
        runPeriodically(() => settledClock.sight(), {
          name: 'sighting of the clock',
          everyMs: clockSightingMs,
          log,
        }),
        runPeriodically(() => recallWebhooks(databases), {
          name: 'recall of webhooks',
          everyMs: webhookRecallMs,
          log,
        }),
        runPeriodically(() => pruneExpired(databases), { name: 'pruning', everyMs: pruningMs, log }),
        runPeriodically(() => pruneAlerts(databases, { retentionDays: options.alertRetentionDays }), {
          name: 'pruning of alerts',
          everyMs: pruningMs,
          log,
        }),
        runPeriodically(() => pruneKeyChanges(databases), {
          name: 'pruning of key changes',
          everyMs: pruningMs,
          log,
        }),
        runPeriodically(() => prunePairings(databases), {
          name: 'pruning of pairings',
          everyMs: pruningMs,
          log,
        }),
        runPeriodically(() => signingKeys.read().then(() => false), {
          name: 'reading of the signing keys',
          everyMs: signingKeysMs,
          log,
        }),
        runPeriodically(() => mismatchAlarm.drain(), {
          name: 'mismatch alarm',
          everyMs: mismatchAlarmMs,
          log,
        }),
      ]
    },
    /** Ends the subscriptions, so that sockets can be closed. */
    endSubscriptions(): void {
      stopping.abort()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await Promise.all(jobs.map((end) => end()))
      await webhookDelivery.end()
      await mismatchAlarm.end()
      await listener.stop()
      await databases.close()
    },
  }
}
