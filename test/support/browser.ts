import { existsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { arch, platform } from 'node:process'
import {
  chromium,
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  type Page,
} from 'playwright-core'
import { withLock } from './lock.ts'

/** Where distributions and installers put it. */
const installed = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
]

/**
 * A real Chromium: the one that comes from npm, without windows, which takes a fifth less processor time; where that does not
 * run, the machine's own. Null, and the reason printed, where neither starts.
 */
export async function launchBrowser(): Promise<Browser | null> {
  const reasons: string[] = []
  for (const find of [findPackaged, findInstalled]) {
    try {
      const executablePath = await find()
      // Drawn without OpenGL, which would be computed by the processor too.
      const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu']
      return await chromium.launch({ executablePath, args, timeout: 30_000 })
    } catch (error) {
      reasons.push(String(error))
    }
  }
  process.stdout.write(`Skipped, tests in a browser: Chromium does not start here: ${reasons.join('\n')}\n`)
  return null
}

async function findPackaged(): Promise<string> {
  if (platform !== 'linux' || arch !== 'x64') throw new Error('npm has none for this machine.')
  const { default: packaged } = await import('@sparticuz/chromium')
  // It unpacks itself into the temporary directory, and takes what another process is still unpacking for whole.
  return withLock(join(tmpdir(), 'claviger-chromium-unpacking'), () => packaged.executablePath())
}

function findInstalled(): Promise<string> {
  const path = installed.find((place) => existsSync(place))
  return path === undefined ? Promise.reject(new Error('This machine has none.')) : Promise.resolve(path)
}

/** A page and everything that went wrong in it: a test with a problem that it does not expect has failed. */
export interface WatchedPage {
  readonly page: Page
  readonly context: BrowserContext
  /** Console errors and warnings, exceptions, violations of the Content-Security-Policy, each in words. */
  readonly problems: string[]
  /** Expected errors of the page; the browser may tell them late. */
  readonly expected: RegExp[]
}

/** Opens a browser profile of its own. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    locale: 'en-GB',
    // Nobody watches: fades cost a seventh of the browser's processor time.
    reducedMotion: 'reduce',
    ...options,
  })
  // Before the test's own limit, which would not tell at which step.
  context.setDefaultTimeout(25_000)
  const page = await context.newPage()
  const problems: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text())
  })
  // The browser tells the status alone.
  page.on('response', (response) => {
    if (response.status() >= 500)
      void response.text().then(
        (text) => problems.push(text),
        () => undefined,
      )
  })
  page.on('pageerror', (error) => problems.push(error.message))
  await page.exposeFunction('reportViolation', (text: string) => void problems.push(text))
  await page.addInitScript(() => {
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      const report: unknown = Reflect.get(globalThis, 'reportViolation')
      if (typeof report === 'function') report(`CSP: ${violatedDirective} ${blockedURI}`)
    })
  })
  return { page, context, problems, expected: [] }
}
