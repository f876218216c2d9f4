/** The key server's process. It and `process-end.ts` are the only files that exit. */
import { startKeyServer } from './app.ts'
import { banner } from './operator/banner.ts'
import { describeConfig, findConfigWarnings, readServerConfig, type Config } from './config.ts'
import { createLogger } from './lib/log.ts'
import { watchForEnd, type ProcessEnd } from './operator/process-end.ts'
import { explainStartFailure } from './operator/start-failure.ts'
import { parseServeFlags } from './settings/flags.ts'

try {
  const flags = parseServeFlags(process.argv.slice(3))
  const config = readServerConfig(undefined, flags.settings)
  if (flags.checksConfig) {
    const lines = [...describeConfig(undefined, flags.settings), ...findConfigWarnings()]
    process.stdout.write(`The configuration is valid:\n${lines.map((line) => `  ${line}\n`).join('')}`)
    process.exit(0)
  }
  const end = watchForEnd({ delaySeconds: config.shutdownDelaySeconds, explain: explainStartFailure })
  await run(config, end)
} catch (error) {
  process.stderr.write(`\nThe key server did not start.\n${explainStartFailure(error)}\n`)
  process.exit(1)
}

async function run(config: Config, end: ProcessEnd): Promise<void> {
  const {
    logLevel,
    databaseUrl,
    databaseListenUrl,
    serverKeySecret,
    dataDirectory,
    publicOrigins,
    metricsPort,
    mail,
    traces,
  } = config
  const log = createLogger(logLevel)
  for (const warning of findConfigWarnings()) log.warn(warning)
  const server = await startKeyServer({
    ...config,
    databaseUrl: databaseUrl ?? undefined,
    databaseListenUrl: databaseListenUrl ?? undefined,
    serverKeySecret: serverKeySecret ?? undefined,
    dataDirectory: dataDirectory ?? undefined,
    publicOrigins: publicOrigins ?? undefined,
    metricsPort: metricsPort ?? undefined,
    mail: mail ?? undefined,
    traces: traces ?? undefined,
    onDatabaseStep: (sentence) => process.stdout.write(`${sentence}\n`),
    onDatabaseLost: (error) => {
      end.begin(explainStartFailure(error), { exitCode: 1 })
    },
    log,
  })

  end.stopBy(() => server.stop())
  if (end.isAsked) return
  process.stdout.write(banner({ origins: server.origins, data: server.database, console: config.console }))
}
