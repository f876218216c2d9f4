/** The key server's process. It and `process-end.ts` are the only files that exit. */
import { startKeyServer, type RunningKeyServer } from './app.ts'
import { banner } from './operator/banner.ts'
import { readConfig, type Config } from './config.ts'
import { describeAddress } from './database/address.ts'
import { defaultDataDirectory, startEmbeddedPostgres } from './database/embedded/index.ts'
import { createLogger, type Logger } from './lib/log.ts'
import { watchForEnd, type ProcessEnd } from './operator/process-end.ts'
import { explainStartFailure } from './operator/start-failure.ts'

try {
  const config = readConfig()
  const end = watchForEnd({ delaySeconds: config.shutdownDelaySeconds, explain: explainStartFailure })
  await run(config, end)
} catch (error) {
  process.stderr.write(`\nThe key server did not start.\n${explainStartFailure(error)}\n`)
  process.exit(1)
}

async function run(config: Config, end: ProcessEnd): Promise<void> {
  const log = createLogger(config.logLevel)
  const database = await openDatabase(config, (error) => {
    end.begin(explainStartFailure(error), { exitCode: 1 })
  })
  const server = await start(config, { databaseUrl: database.url, log }).catch(async (error: unknown) => {
    await database.close()
    throw error
  })

  end.stopBy(async () => {
    await server.stop()
    await database.close()
  })
  if (end.isAsked) return
  process.stdout.write(
    banner({ origins: server.origins, data: database.description, hasGraphiQL: config.isDevelopment }),
  )
}

function start(
  config: Config,
  { databaseUrl, log }: { readonly databaseUrl: string; readonly log: Logger },
): Promise<RunningKeyServer> {
  return startKeyServer({
    databaseUrl,
    ...(config.databaseListenUrl !== null && { databaseListenUrl: config.databaseListenUrl }),
    ...(config.serverKeySecret !== null && { serverKeySecret: config.serverKeySecret }),
    databasePoolSize: config.databasePoolSize,
    alertRetentionDays: config.alertRetentionDays,
    allowsPrivateWebhooks: config.allowsPrivateWebhooks,
    allowsPrivateApplicationServers: config.allowsPrivateApplicationServers,
    host: config.host,
    port: config.port,
    ...(config.publicOrigins && { publicOrigins: config.publicOrigins }),
    allowedOrigins: config.allowedOrigins,
    isDevelopment: config.isDevelopment,
    shutdownDelaySeconds: config.shutdownDelaySeconds,
    log,
  })
}

interface OpenDatabase {
  readonly url: string
  readonly description: string
  close(): Promise<void>
}

async function openDatabase(
  { databaseUrl, dataDirectory }: Config,
  onLost: (error: Error) => void,
): Promise<OpenDatabase> {
  if (databaseUrl !== null) {
    const description = `PostgreSQL at ${describeAddress(databaseUrl)}`
    return { url: databaseUrl, description, close: () => Promise.resolve() }
  }
  const embedded = await startEmbeddedPostgres({
    dataDirectory: dataDirectory ?? defaultDataDirectory(),
    log: (message) => process.stdout.write(`${message}\n`),
    onLost,
  })
  return {
    url: embedded.url,
    description: `${embedded.directory}   (embedded PostgreSQL, port ${String(embedded.port)})`,
    close: () => embedded.stop(),
  }
}
