import { setMaxListeners } from 'node:events'
import type { Logger } from 'pino'
import { Accounts } from './accounts/accounts.ts'
import { Alerts } from './alerts/alerts.ts'
import { sweepDeadlines } from './alerts/deadlines.ts'
import { pruneAlerts } from './alerts/pruning.ts'
import { ApplicationServers } from './application-servers/application-servers.ts'
import { AuditLog } from './audit/audit-log.ts'
import { AuditHeadSigner } from './audit/head-signer.ts'
import { pruneAuditEntries } from './audit/pruning.ts'
import { sealAuditEntries } from './audit/seal.ts'
import { RevocationWatch } from './auth/revocation-watch.ts'
import { createAuthenticator } from './auth/signed-request.ts'
import { Channels } from './channels/channels.ts'
import { pruneChannels } from './channels/confirmations.ts'
import { ChannelDelivery } from './channels/delivery.ts'
import { MailLinks } from './channels/links.ts'
import { MailActions } from './channels/mail-actions.ts'
import type { MailSettings } from './channels/mail-settings.ts'
import { Mailer } from './channels/mailer.ts'
import { ChannelSender } from './channels/sender.ts'
import { connectDatabases, type Databases, type JobDatabases } from './database/connect.ts'
import {
  CitusNodes,
  singleNode,
  type DatabaseNode,
  type DatabaseNodes,
  type ServeNode,
} from './database/distribution/nodes.ts'
import { pruneExpired, pruneServerKeys } from './database/pruning.ts'
import type { DatabaseRoute } from './database/route.ts'
import { SettledClock } from './database/settled-clock.ts'
import { isTrouble } from './database/trouble.ts'
import { DurableStreams } from './events/durable-streams.ts'
import { listenAtNode } from './events/listen-at-node.ts'
import { NotificationListener, type NotificationListenerOptions } from './events/notification-listener.ts'
import { Notifications } from './events/notifications.ts'
import { KeyChanges } from './key-changes/key-changes.ts'
import { moveKeyChanges } from './key-changes/move.ts'
import { pruneApplicationServers, pruneKeyChanges } from './key-changes/pruning.ts'
import { runInTurn, runPeriodically, type Job } from './lib/jobs.ts'
import type { Traces } from './lib/traces.ts'
import { ManagementKeys } from './management-keys/management-keys.ts'
import { createAccountHash } from './observation/account-hash.ts'
import { readBacklog } from './observation/backlog.ts'
import type { Meters } from './observation/meters.ts'
import type { Gauges, PoolUse } from './observation/prometheus.ts'
import { RequestLog } from './observation/request-log.ts'
import { RequestObserver } from './observation/request-observer.ts'
import { Pairings } from './pairing/pairings.ts'
import { prunePairings } from './pairing/pruning.ts'
import type { RateLimits } from './rate-limits/rate-limit-names.ts'
import { ServerRates } from './rate-limits/server-rates.ts'
import type { Quotas } from './quotas/quotas.ts'
import type { Registration } from '../schema/wire/enums.ts'
import { pruneRates } from './rate-limits/shared-rates.ts'
import { PublishedFacts } from './server-keys/published-facts.ts'
import { SigningKeys } from './server-keys/signing-keys.ts'
import { VerificationSigner } from './server-keys/verification-signer.ts'
import { Acquisitions } from './transaction-keys/acquisitions.ts'
import { TransactionKeys } from './transaction-keys/transaction-keys.ts'
import { MismatchAlarm } from './verification/mismatch-alarm.ts'
import { sumUpWaiting } from './verification/mismatch-rows.ts'
import { Verification } from './verification/verification.ts'
import { WebhookDelivery } from './webhooks/delivery.ts'
import { recallWebhooks } from './webhooks/recall.ts'
import { Webhooks } from './webhooks/webhooks.ts'

/** How often a stream reads its list when no notification comes. */
const streamPollMs = 5_000
/** The time between the first runs of two jobs: if all began at once, each would open a connection. */
const betweenFirstRunsMs = 30

/** The settings of {@link createServices}. */
export interface ServicesOptions {
  readonly databaseUrl: string
  /** A direct connection for LISTEN, where `databaseUrl` goes through a pooler. */
  readonly listenUrl: string
  readonly route: DatabaseRoute
  readonly listenRoute: DatabaseRoute
  /** The tables are distributed by Citus. */
  readonly isDistributed: boolean
  readonly writeConnectionsMax: number
  /** Seals the server's own keys in the database. */
  readonly serverKeySecret: string
  /** How long alerts are kept. */
  readonly alertRetentionDays: number
  /** How long entries of the audit log are kept. */
  readonly auditRetentionDays: number
  /** The audit log has the addresses of clients. */
  readonly auditAddresses: boolean
  /** Webhooks may be http, and lead to addresses of the operator's own network. */
  readonly allowsPrivateWebhooks: boolean
  /** The mail server for e-mail channels; null: there are none. */
  readonly mail: MailSettings | null
  /** Application servers may prove their keys over http, and at addresses of the operator's own network. */
  readonly allowsPrivateApplicationServers: boolean
  /** How accounts are opened. */
  readonly registration: Registration
  /** How much an account may have, where the operator has set nothing for it alone. */
  readonly quotas: Quotas
  /** The rate limits of one client. A limit that is missing does not hold. */
  readonly rateLimits: Partial<RateLimits>
  /** Clients on the same machine may do more. */
  readonly isDevelopment: boolean
  /** The server's own; the first one is the issuer of verification answers. They are not known before the server listens. */
  readonly origins: () => readonly string[]
  readonly meters: Meters
  readonly traces: Traces
  readonly log: Logger
}

/** Everything that transports use: {@link createServices}. */
export type Services = ReturnType<typeof createServices>

/** Everything behind the ports: no transport and no process. Nothing runs before `start`. */
export function createServices(options: ServicesOptions) {
  const { databaseUrl, listenUrl, route, writeConnectionsMax, serverKeySecret, meters, traces, log } = options
  const databases = connectDatabases({ url: databaseUrl, writeConnectionsMax, route })
  const jobDatabases = { writes: databases.jobs }
  const stopping = new AbortController()
  // Each subscription adds a listener: without this, Node warns of a leak from the 11th on.
  setMaxListeners(0, stopping.signal)

  const notifications = new Notifications()
  const revocations = new RevocationWatch(databases)
  const { quotas } = options
  const rates = new ServerRates({
    limits: options.rateLimits,
    isDevelopment: options.isDevelopment,
    databases,
    serverKeySecret,
  })
  const requestLog = new RequestLog({ log, rates })
  const nodes: DatabaseNodes = options.isDistributed
    ? new CitusNodes({ databases, url: listenUrl, route: options.listenRoute, log })
    : singleNode(databases)
  const authenticator = createAuthenticator(databases, {
    nodes,
    rates,
    recordsAddresses: options.auditAddresses,
  })
  const listening = {
    route: options.listenRoute,
    notifications,
    onRevoked: (managementKeyId: string) => {
      authenticator.forget(managementKeyId)
      revocations.report(managementKeyId)
    },
    log,
  }
  const listener = new NotificationListener({ url: listenUrl, ...listening })
  const streams = new DurableStreams({
    notifications,
    revocations,
    pollMs: streamPollMs,
    stopping: stopping.signal,
  })

  const origin = () => options.origins()[0] ?? ''
  const signingKeys = new SigningKeys(databases, { secret: serverKeySecret, log })
  const signer = new VerificationSigner(signingKeys, { issuer: origin })
  const mismatchAlarm = new MismatchAlarm(jobDatabases, { log })
  const webhookOptions = { serverKeySecret, allowsPrivate: options.allowsPrivateWebhooks }
  const mailer = options.mail && new Mailer(options.mail, { log })
  const mailLinks = new MailLinks({ serverKeySecret, origin })
  const channelDelivery = new ChannelDelivery({
    databases,
    serverKeySecret,
    sender: new ChannelSender({ databases, ...webhookOptions, mailer, links: mailLinks, origin }),
  })
  const webhookDelivery = new WebhookDelivery(databases, {
    ...webhookOptions,
    traces,
    log,
    deliverToChannel: (channel, signal) => channelDelivery.deliver(channel, signal),
  })
  const settledClock = new SettledClock(jobDatabases, { log })

  const jobs = createJobs(
    {
      jobDatabases,
      nodes,
      listening,
      mismatchAlarm,
      revocations,
      settledClock,
      signingKeys,
      webhookDelivery,
    },
    options,
  )

  return {
    databases,
    rates,
    authenticator,
    revocations,
    listenState: () => listener.state,
    /** The values for readers of metrics. */
    gauges: gaugesOf({ databases, nodes, streams }),
    observer: new RequestObserver({
      requestLog,
      meters,
      traces,
      hashAccount: createAccountHash(serverKeySecret),
    }),
    signingKeys,
    accounts: new Accounts(databases, { registration: options.registration, quotas }),
    managementKeys: new ManagementKeys({ quotas }),
    transactionKeys: new TransactionKeys(databases, { quotas, nodes }),
    acquisitions: new Acquisitions(databases, { meters, nodes }),
    verification: new Verification(nodes, { signer, mismatchAlarm, meters }),
    alerts: new Alerts({ databases, streams, meters }),
    audit: new AuditLog(databases, { signer: new AuditHeadSigner(signingKeys, { issuer: origin }) }),
    applicationServers: new ApplicationServers({
      databases,
      proof: { allowsPrivate: options.allowsPrivateApplicationServers },
    }),
    keyChanges: new KeyChanges({ databases, streams }),
    pairings: new Pairings(databases),
    webhooks: new Webhooks({ databases, quotas, ...webhookOptions }),
    channels: new Channels({ databases, ...webhookOptions, sendsMail: mailer !== null }),
    mailLinks,
    mailActions: new MailActions(databases),
    keyServer: new PublishedFacts(databases, {
      signingKeys,
      origins: options.origins,
      registration: options.registration,
    }),

    /** Reads or makes the server keys, listens for notifications, and starts the jobs. */
    async start(): Promise<void> {
      await signingKeys.start()
      await listener.start()
      // The start waits for no mail server: alerts wait until there is one.
      void mailer?.check()
      await jobs.start()
    },
    /** Ends the subscriptions, so that sockets can be closed. */
    endSubscriptions(): void {
      stopping.abort()
    },
    async stop(): Promise<void> {
      stopping.abort()
      await jobs.stop()
      await webhookDelivery.end()
      mailer?.close()
      await mismatchAlarm.end()
      await listener.stop()
      await databases.close()
      await traces.close()
      requestLog.sumUp()
    },
  }
}

function gaugesOf({
  databases,
  nodes,
  streams,
}: {
  readonly databases: Databases
  readonly nodes: DatabaseNodes
  readonly streams: DurableStreams
}): Gauges {
  const useOf = (pool: PoolUse['pool']): PoolUse => {
    const { connectionsMax, load } = databases[pool]
    return { pool, connectionsMax, inFlight: load.inFlight }
  }
  return {
    subscribers: () => streams.openCount,
    pools: () => [useOf('reads'), useOf('writes'), useOf('jobs')],
    backlog: () => readBacklog(nodes.current),
  }
}

interface PeriodicJob extends Job {
  readonly everyMs: number
}

/** The jobs of this server: some for the database, the others for each of its nodes. */
function createJobs(
  {
    jobDatabases,
    nodes,
    listening,
    mismatchAlarm,
    revocations,
    settledClock,
    signingKeys,
    webhookDelivery,
  }: {
    readonly jobDatabases: JobDatabases
    readonly nodes: DatabaseNodes
    readonly listening: Omit<NotificationListenerOptions, 'url' | 'source'>
    readonly mismatchAlarm: MismatchAlarm
    readonly revocations: RevocationWatch
    readonly settledClock: SettledClock
    readonly signingKeys: SigningKeys
    readonly webhookDelivery: WebhookDelivery
  },
  { isDistributed, alertRetentionDays, auditRetentionDays, log }: ServicesOptions,
): { start(): Promise<void>; stop(): Promise<void> } {
  const jobs: readonly PeriodicJob[] = [
    // After the answer that reported it, whose time must show nothing, and soon enough for a person.
    { name: 'mismatch alarm', everyMs: 100, work: () => mismatchAlarm.drain() },
    // A revoked key keeps its sockets for so long when the notification is lost.
    { name: 'check for revoked management keys', everyMs: 3_000, work: () => revocations.check() },
    // Often enough that a server which runs for seconds adds to the measured time.
    { name: 'sighting of the clock', everyMs: 10_000, work: () => settledClock.sight() },
    // Every server signs so soon with a key that another one made.
    {
      name: 'reading of the signing keys',
      everyMs: 30_000,
      work: () => signingKeys.read().then(() => false),
    },
  ]
  const minuteJobs: readonly Job[] = [
    { name: 'pruning of application servers', work: () => pruneApplicationServers(jobDatabases) },
    { name: 'pruning of server keys', work: () => pruneServerKeys(jobDatabases) },
    { name: 'pruning of rates', work: () => pruneRates(jobDatabases) },
  ]
  /** Jobs that go through the rows of a table: on each node through the rows that it holds. */
  const jobsOf = ({ jobs: writes }: DatabaseNode): readonly PeriodicJob[] => [
    { name: 'sweep of deadlines', everyMs: 250, work: () => sweepDeadlines({ writes }) },
    { name: 'delivery to webhooks', everyMs: 250, work: () => webhookDelivery.begin(writes.sql) },
    { name: 'sealing of audit logs', everyMs: 1_000, work: () => sealAuditEntries({ writes }) },
    { name: 'summing up of mismatches', everyMs: 5_000, work: () => sumUpWaiting(writes) },
    ...(isDistributed
      ? [{ name: 'moving of key changes', everyMs: 100, work: () => moveKeyChanges({ writes }) }]
      : []),
  ]
  const minuteJobsOf = ({ jobs: writes }: DatabaseNode): readonly Job[] => [
    { name: 'recall of webhooks', work: () => recallWebhooks({ writes }) },
    { name: 'pruning', work: () => pruneExpired({ writes }) },
    {
      name: 'pruning of alerts',
      work: () => pruneAlerts({ writes }, { retentionDays: alertRetentionDays }),
    },
    {
      name: 'pruning of audit logs',
      work: () => pruneAuditEntries({ writes }, { retentionDays: auditRetentionDays }),
    },
    { name: 'pruning of key changes', work: () => pruneKeyChanges({ writes }) },
    { name: 'pruning of channels', work: () => pruneChannels({ writes }) },
    { name: 'pruning of pairings', work: () => prunePairings({ writes }) },
  ]
  const run = ({ work, ...period }: PeriodicJob, index: number) =>
    runPeriodically(work, {
      ...period,
      log,
      firstAfterMs: index * betweenFirstRunsMs,
      isFromOutside: isTrouble,
    })
  const runEachMinute = (minutely: readonly Job[]) =>
    runInTurn(minutely, { everyMs: 60_000, log, isFromOutside: isTrouble })
  const serveNode: ServeNode = (node) => {
    const stopJobs = [...jobsOf(node).map(run), runEachMinute(minuteJobsOf(node))]
    const stopListening =
      node.listenUrl === null ? null : listenAtNode({ ...listening, node, url: node.listenUrl })
    return async () => {
      await Promise.all([...stopJobs.map((stop) => stop()), stopListening?.()])
    }
  }
  let stopJobs: readonly (() => Promise<void>)[] = []
  return {
    start() {
      stopJobs = [...jobs.map(run), runEachMinute(minuteJobs)]
      return nodes.start(serveNode)
    },
    async stop() {
      await Promise.all([...stopJobs.map((stop) => stop()), nodes.stop()])
    },
  }
}
