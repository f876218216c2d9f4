import type { Browser } from 'playwright-core'
import { startBenchDatabase, type BenchDatabase } from '../../bench/support/database.ts'
import { createLogger, startKeyServer } from '../../server/index.ts'
import { launchBrowser } from '../support/browser.ts'

/** The console of a key server that is made for one run, and a browser to open it in. */
export interface OwnConsole {
  readonly url: string
  readonly browser: Browser
  readonly database: BenchDatabase
}

/** Runs a program with a console of its own, and ends it. @throws Error when there is no Chromium */
export async function withConsole(run: (own: OwnConsole) => Promise<void>): Promise<void> {
  const database = await startBenchDatabase({ isMigrated: false })
  const server = await startKeyServer({
    databaseUrl: database.url,
    console: 'full',
    log: createLogger('silent'),
  })
  const browser = await launchBrowser()
  try {
    if (browser === null) throw new Error('There is no Chromium.')
    await run({ url: server.origins[0] ?? '', browser, database })
  } finally {
    await browser?.close()
    await server.stop()
    await database.stop()
  }
}
