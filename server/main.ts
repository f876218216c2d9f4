/** The key server's process: the only file that listens to signals or exits. */
import { startKeyServer, type RunningKeyServer } from './app.ts'
import { banner } from './operator/banner.ts'
import { readConfig, type Config } from './config.ts'
import { defaultDataDirectory, startEmbeddedPostgres } from './database/embedded/index.ts'
import { createLogger, type Logger } from './lib/log.ts'
import { withServeOptions } from './operator/serve-options.ts'
import { explainStartFailure } from './operator/start-failure.ts'

try {
  await run(readConfig(withServeOptions(process.env, process.argv.slice(3))))
} catch (error) {
  process.stderr.write(`\nThe key server did not start.\n${explainStartFailure(error)}\n`)
  process.exit(1)
}

async function run(config: Config): Promise<void> {
  const log = createLogger(config.logLevel)
  const database = await openDatabase(config)
  const server = await start(config, { databaseUrl: database.url, log }).catch(async (error: unknown) => {
    await database.close()
    throw error
  })

  let isStopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) {
      process.stderr.write('Stopping at once.\n')
      process.exit(1)
    }
    isStopping = true
    process.stdout.write(`\n${signal}: stopping. Once more stops at once.\n`)
    void server
      .stop()
      .then(() => database.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`${explainStartFailure(error)}\n`)
          process.exit(1)
        },
      )
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
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
    log,
  })
}

interface OpenDatabase {
  readonly url: string
  readonly description: string
  close(): Promise<void>
}

async function openDatabase({ databaseUrl, dataDirectory }: Config): Promise<OpenDatabase> {
  if (databaseUrl !== null) {
    const { hostname, port, pathname } = new URL(databaseUrl)
    const description = `PostgreSQL at ${hostname}${port && `:${port}`}${pathname}`
    return { url: databaseUrl, description, close: () => Promise.resolve() }
  }
  const embedded = await startEmbeddedPostgres({
    dataDirectory: dataDirectory ?? defaultDataDirectory(),
    log: (message) => process.stdout.write(`${message}\n`),
  })
  return {
    url: embedded.url,
    description: `${embedded.directory}   (embedded PostgreSQL, port ${String(embedded.port)})`,
    close: () => embedded.stop(),
  }
}
