import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { Accounts } from './accounts/accounts.ts'
import { Acquisitions } from './acquisitions/acquisitions.ts'
import { Alerts } from './alerts/alerts.ts'
import { sweepDeadlines } from './alerts/deadlines.ts'
import { AlertListener } from './alerts/listener.ts'
import { pruneAlerts } from './alerts/retention.ts'
import { WakeUps } from './alerts/wake-up.ts'
import { Answers } from './answers/answers.ts'
import { SigningKeys } from './answers/signing-keys.ts'
import { ApplicationServers } from './application-servers/application-servers.ts'
import { Authentication } from './authentication/authentication.ts'
import { KeyDirectory } from './authentication/key-directory.ts'
import { connectDatabases } from './database/connect.ts'
import { pruneExpired } from './database/pruning.ts'
import type { DatabaseRoute } from './database/route.ts'
import { SettledClock } from './database/settled-clock.ts'
import { KeyChanges } from './key-changes/key-changes.ts'
import { pruneKeyChanges } from './key-changes/retention.ts'
import { KeyServer } from './key-server.ts'
import { TransactionKeys } from './keys/transaction-keys.ts'
import { Pairings } from './pairing/pairings.ts'
import { prunePairings } from './pairing/pruning.ts'
import { repeat } from './repeat.ts'
import { DurableStreams } from './streams/durable-streams.ts'
import { ManagementKeys } from './trust/management-keys.ts'
import { Revocations } from './trust/revocations.ts'
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
  /** The public URL, asked for when an answer is signed. */
  readonly issuer: () => string
  readonly log: Logger
}

export type Services = ReturnType<typeof createServices>

/** Everything behind the ports: no transport, no listening, no process. Nothing runs before `start`. */
export function createServices(options: ServicesOptions) {
  const { databaseUrl, listenUrl, route, writeConnectionsMax, log } = options
  const databases = connectDatabases({ url: databaseUrl, writeConnectionsMax, route })
  const authentication = new Authentication(databases, new KeyDirectory(databases.reads.db))
  const stopping = new AbortController()
  // Every subscription listens to it.
  setMaxListeners(0, stopping.signal)
  const wakeUps = new WakeUps()
  const revocations = new Revocations(databases)
  const listener = new AlertListener({
    url: listenUrl,
    route: options.listenRoute,
    wakeUps,
    onRevoked: (managementKeyId) => {
      revocations.report(managementKeyId)
    },
    log,
  })
  const streams = new DurableStreams({
    wakeUps,
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
  let repetitions: (() => Promise<void>)[] = []
  return {
    databases,
    authentication,
    revocations,
    accounts: new Accounts(authentication, databases),
    managementKeys: new ManagementKeys(authentication),
    transactionKeys: new TransactionKeys(authentication, databases),
    acquisitions: new Acquisitions(authentication, databases),
    verification: new Verification(databases, {
      answers: new Answers(signingKeys, { issuer: options.issuer }),
      mismatchAlarm,
    }),
    alerts: new Alerts(authentication, { databases, streams }),
    applicationServers: new ApplicationServers(authentication, {
      databases,
      proof: { allowsPrivate: options.allowsPrivateApplicationServers },
    }),
    keyChanges: new KeyChanges(authentication, { databases, streams }),
    pairings: new Pairings(authentication, databases),
    webhooks: new Webhooks(authentication, { databases, ...webhookOptions }),
    keyServer: new KeyServer(databases, signingKeys),
    signingKeys,
    async start(): Promise<void> {
      await signingKeys.start()
      await listener.start()
      repetitions = [
        repeat(() => sweepDeadlines(databases), {
          name: 'sweep of deadlines',
          everyMs: deadlineSweepMs,
          log,
        }),
        repeat(() => revocations.check(), {
          name: 'check for revoked management keys',
          everyMs: revocationCheckMs,
          log,
        }),
        repeat(() => webhookDelivery.begin(), {
          name: 'delivery to webhooks',
          everyMs: webhookDeliveryMs,
          log,
        }),
        repeat(() => settledClock.sight(), { name: 'sighting of the clock', everyMs: clockSightingMs, log }),
        repeat(() => recallWebhooks(databases), {
          name: 'recall of webhooks',
          everyMs: webhookRecallMs,
          log,
        }),
        repeat(() => pruneExpired(databases), { name: 'pruning', everyMs: pruningMs, log }),
        repeat(() => pruneAlerts(databases, { retentionDays: options.alertRetentionDays }), {
          name: 'pruning of alerts',
          everyMs: pruningMs,
          log,
        }),
        repeat(() => pruneKeyChanges(databases), {
          name: 'pruning of key changes',
          everyMs: pruningMs,
          log,
        }),
        repeat(() => prunePairings(databases), { name: 'pruning of pairings', everyMs: pruningMs, log }),
        repeat(() => signingKeys.read().then(() => false), {
          name: 'reading of the signing keys',
          everyMs: signingKeysMs,
          log,
        }),
        repeat(() => mismatchAlarm.drain(), { name: 'mismatch alarm', everyMs: mismatchAlarmMs, log }),
      ]
    },
    /** Ends the subscriptions, so that sockets can be closed. */
    endSubscriptions(): void {
      stopping.abort()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await Promise.all(repetitions.map((end) => end()))
      await webhookDelivery.end()
      await mismatchAlarm.end()
      await listener.stop()
      await databases.close()
    },
  }
}
