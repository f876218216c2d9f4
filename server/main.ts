/** The key server's process: the only file that listens to signals or exits. */
import { startKeyServer } from './app.ts'
import { banner } from './operator/banner.ts'
import { readConfig, type Config } from './config.ts'
import { createLogger } from './lib/log.ts'
import { explainStartFailure } from './operator/start-failure.ts'

try {
  await run(readConfig())
} catch (error) {
  process.stderr.write(`\nThe key server did not start.\n${explainStartFailure(error)}\n`)
  process.exit(1)
}

async function run(config: Config): Promise<void> {
  const { logLevel, databaseUrl, databaseListenUrl, serverKeySecret, dataDirectory, publicOrigins } = config
  const server = await startKeyServer({
    ...config,
    databaseUrl: databaseUrl ?? undefined,
    databaseListenUrl: databaseListenUrl ?? undefined,
    serverKeySecret: serverKeySecret ?? undefined,
    dataDirectory: dataDirectory ?? undefined,
    publicOrigins: publicOrigins ?? undefined,
    onDatabaseStep: (sentence) => process.stdout.write(`${sentence}\n`),
    log: createLogger(logLevel),
  })

  let isStopping = false
  const stop = (signal: NodeJS.Signals) => {
    if (isStopping) {
      process.stderr.write('Stopping at once.\n')
      process.exit(1)
    }
    isStopping = true
    process.stdout.write(`\n${signal}: stopping. Once more stops at once.\n`)
    void server.stop().then(
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
    banner({ origins: server.origins, data: server.database, hasGraphiQL: config.isDevelopment }),
  )
}
