import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, type TestContext } from 'vitest'
import { verifyPublicKey } from '../../../client/index.ts'
import { launchBrowser, openPage, type WatchedPage } from '../../support/browser.ts'
import { run } from '../../support/processes.ts'
import { startWorld, type TestServer } from '../../support/server.ts'

export interface ConsoleWorld {
  readonly server: TestServer
  /** Opens the console in a profile of its own. Errors in it fail the test. Skips where there is no browser. */
  open(context: TestContext, path?: string, options?: BrowserContextOptions): Promise<WatchedPage>
}

const buildScript = fileURLToPath(new URL('../../../client/console/build-when-stale.js', import.meta.url))

/** A built console at a key server, and one browser, for the tests of one file. */
export function useConsole(): ConsoleWorld {
  let server: TestServer
  let browser: Browser | null = null
  const opened: WatchedPage[] = []
  beforeAll(async () => {
    const [found, started] = await Promise.all([launchBrowser(), startServer()])
    browser = found
    server = started
  }, 120_000)
  afterEach(async () => {
    const pages = opened.splice(0)
    for (const { context } of pages) await context.close()
    expect(pages.flatMap(unexpectedOf)).toEqual([])
  })
  afterAll(async () => {
    await browser?.close()
    await server.stop()
  })
  return {
    get server() {
      return server
    },
    open: async (context, path = '/', options = {}) => {
      if (browser === null) {
        context.skip('No Chromium starts on this machine.')
        throw new TypeError('Skipped.')
      }
      const watched = await openPage(browser, options)
      opened.push(watched)
      await watched.page.goto(`${server.url}${path}`)
      return watched
    },
  }
}

/** Pages ask for much at once: the files that run together share the connections that PostgreSQL has, 100. */
export const databasePoolSize = 4

async function startServer(): Promise<TestServer> {
  // The files are read when a server starts, so it starts once they are there.
  const build = run([buildScript])
  expect(await build.exited, build.output()).toBe(0)
  return startWorld({ console: 'full', databasePoolSize })
}

let accounts = 0

/** Makes an account as a person does, without a recovery phrase. @returns its name */
export async function makeAccount(page: Page): Promise<string> {
  const name = nameOfNewAccount()
  await page.getByRole('button', { name: /^Start here/ }).click()
  await page.getByLabel('Your user name').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  return name
}

export function nameOfNewAccount(): string {
  accounts += 1
  return `anna-${String(process.pid)}-${String(accounts)}`
}

export interface NewKey {
  readonly server: string
  readonly label?: string
  readonly maxUses?: number
  /** The beginning of a choice's name. Default: `Sign`. */
  readonly kind?: string
}

/** Makes a key through the form, and is on its page then. */
export async function makeKey(page: Page, { server, label, maxUses, kind }: NewKey): Promise<void> {
  await page.getByRole('link', { name: 'Keys', exact: true }).first().click()
  await page.getByRole('button', { name: 'New key' }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Application server').fill(server)
  if (kind !== undefined) await form.getByText(kind, { exact: true }).click()
  if (label !== undefined) await form.getByLabel(/^Label/).fill(label)
  if (maxUses !== undefined) await form.getByLabel(/^Most uses/).fill(String(maxUses))
  await form.getByRole('button', { name: 'Create the key' }).click()
  await page.getByRole('heading', { level: 1, name: label ?? server }).waitFor()
}

/** Expects something to go wrong, before or after this, e.g. the browser's own note of a request that was refused. */
export function forgive({ expected }: WatchedPage, pattern: RegExp): void {
  expected.push(pattern)
}

function unexpectedOf({ problems, expected }: WatchedPage): string[] {
  return problems.filter((text) => !expected.some((pattern) => pattern.test(text)))
}

/** Goes to a page of the menu without loading the document anew. */
export async function visit(page: Page, name: string): Promise<void> {
  await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name }).click()
  await page.getByRole('heading', { level: 1, name }).waitFor()
}

/** Somebody shows an application server a key in the owner's name: an alert, once an hour. */
export async function showStranger(
  url: string,
  shown: { readonly owner: string; readonly applicationServer: string },
): Promise<void> {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ' }
  await verifyPublicKey({ url, ...shown, publicKey })
}

/** By how many pixels the page is wider than its window. */
export async function overflowOf(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
}
