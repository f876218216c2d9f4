/** The key server's process, or that of one of its workers. It and `process-end.ts` are the only files that exit. */
import cluster from 'node:cluster'
import { startKeyServer, startWorkerKeyServer } from './app.ts'
import { banner } from './operator/banner.ts'
import { describeConfig, findConfigWarnings, InvalidConfig, readServerConfig, type Config } from './config.ts'
import { createLogger } from './lib/log.ts'
import { growYoungGeneration } from './lib/young-generation.ts'
import { watchForEnd, type ProcessEnd } from './operator/process-end.ts'
import { explainStartFailure } from './operator/start-failure.ts'
import type { KeyServerOptions, ListenOptions } from './key-server-options.ts'
import { parseServeFlags } from './settings/flags.ts'
import { startWorkers } from './workers/start.ts'
import { runWorker } from './workers/worker.ts'

growYoungGeneration()
try {
  const flags = parseServeFlags(process.argv.slice(3))
  const config = readServerConfig(undefined, flags.settings)
  if (flags.checksConfig) {
    const lines = [...describeConfig(undefined, flags.settings), ...findConfigWarnings(undefined, config)]
    process.stdout.write(`The configuration is valid:\n${lines.map((line) => `  ${line}\n`).join('')}`)
    process.exit(0)
  }
  if (cluster.isWorker) process.exit(await serveAsWorker(config))
  const end = watchForEnd({ delaySeconds: config.shutdownDelaySeconds, explain: explainStartFailure })
  await run(config, end)
} catch (error) {
  // A setting that is missing may be there under a name that is misspelt.
  const unknown = error instanceof InvalidConfig ? findConfigWarnings() : []
  const lines = [
    '',
    'The key server did not start.',
    explainStartFailure(error),
    ...unknown.map((line) => `  ${line}`),
  ]
  process.stderr.write(lines.map((line) => `${line}\n`).join(''))
  process.exit(1)
}

async function run(config: Config, end: ProcessEnd): Promise<void> {
  const { log, ...options } = optionsOf(config)
  for (const warning of findConfigWarnings(undefined, config)) log.warn(warning)
  const own = {
    ...options,
    log,
    onDatabaseStep: (sentence: string) => process.stdout.write(`${sentence}\n`),
    onDatabaseLost: (error: Error) => {
      end.begin(explainStartFailure(error), { exitCode: 1 })
    },
  }
  const { workers } = config
  const server = workers > 1 ? await startWorkers({ ...own, workers }) : await startKeyServer(own)

  end.stopBy(() => server.stop())
  if (end.isAsked) return
  process.stdout.write(banner({ origins: server.origins, data: server.database, console: config.console }))
}

/** Serves beside the other workers, with its share of the connections. */
function serveAsWorker(config: Config): Promise<number> {
  const { log, databasePoolSize, ...options } = optionsOf(config)
  return runWorker({
    explain: explainStartFailure,
    start: ({ databaseUrl, publishMetrics }) =>
      startWorkerKeyServer(
        { publishMetrics },
        {
          ...options,
          databaseUrl,
          databasePoolSize: Math.max(2, Math.ceil(databasePoolSize / config.workers)),
          log: log.child({ worker: cluster.worker?.id }),
        },
      ),
  })
}

function optionsOf(config: Config) {
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
  return {
    ...config,
    databaseUrl: databaseUrl ?? undefined,
    databaseListenUrl: databaseListenUrl ?? undefined,
    serverKeySecret: serverKeySecret ?? undefined,
    dataDirectory: dataDirectory ?? undefined,
    publicOrigins: publicOrigins ?? undefined,
    metricsPort: metricsPort ?? undefined,
    mail: mail ?? undefined,
    traces: traces ?? undefined,
    log: createLogger(logLevel),
  } satisfies KeyServerOptions & ListenOptions
}
