import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { type useAlerts, useKeys, type useVault, type useVerification } from 'claviger/react'
import type { Alert, TransactionKey, Vault, VerificationResult } from 'claviger'
import { build } from 'vite'
import { afterAll, beforeAll, expect, expectTypeOf, test, vi } from 'vitest'
import { launchBrowser, openPage, type WatchedPage } from '../../support/browser.ts'
import { freePort, startWorld, type TestServer } from '../../support/server.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const example = fileURLToPath(new URL('../../../examples/react', import.meta.url))
let keyServer: TestServer
let page: { readonly url: string; readonly close: () => void }

beforeAll(async () => {
  const port = await freePort()
  const url = `http://localhost:${String(port)}`
  const files = await buildExample()
  const server = createServer(({ url: path = '/' }, response) => {
    const name = path === '/' || path.startsWith('/?') ? 'index.html' : path.slice(1)
    response.setHeader('content-type', name.endsWith('.js') ? 'text/javascript' : 'text/html')
    response.writeHead(files.has(name) ? 200 : 204).end(files.get(name))
  }).listen(port, 'localhost')
  keyServer = await startWorld({ allowedOrigins: [url] })
  page = { url, close: () => server.close() }
}, 120_000)

afterAll(async () => {
  page.close()
  await keyServer.stop()
})

/** The example as Vite builds it: its files by their names. */
async function buildExample(): Promise<ReadonlyMap<string, string | Uint8Array>> {
  const built = await build({ root: example, logLevel: 'silent', build: { write: false } })
  const outputs = Array.isArray(built) ? built : [built]
  const files = outputs.flatMap((result) => ('output' in result ? result.output : []))
  return new Map(files.map((file) => [file.fileName, file.type === 'chunk' ? file.code : file.source]))
}

test('the example makes an account, lists and searches keys, verifies one, and shows alerts that arrive', async (context) => {
  const browser = await launchBrowser()
  if (browser === null) return context.skip('No Chromium starts on this machine.')
  context.onTestFinished(() => browser.close())
  const watched = await openPage(browser)
  const owner = `react-${String(process.pid)}`
  await start(watched, owner)
  const { page: tab } = watched
  const keys = tab.getByRole('region', { name: 'Keys' })
  await keys.getByText('0 keys').waitFor()
  for (const name of ['https://shop.example', 'https://bank.example']) {
    await keys.getByLabel('Application server').fill(name)
    await keys.getByRole('button', { name: 'Go' }).click()
    await keys.getByText(`${name}: ACTIVE, used 0 times`).waitFor()
  }
  await keys.getByText('2 keys').waitFor()
  await keys.getByRole('searchbox').fill('bank')
  await keys.getByText('1 keys').waitFor()
  expect(await keys.getByRole('listitem').count()).toBe(1)
  await keys.getByRole('button', { name: 'Verify' }).click()
  await keys.getByText('valid', { exact: true }).waitFor()

  const alerts = tab.getByRole('region', { name: 'Alerts' })
  await alerts.getByText('0 new, connected').waitFor()
  await keys.getByRole('button', { name: 'Use' }).click()
  await keys.getByText('used 1 times').waitFor()
  await keys.getByRole('button', { name: 'Use' }).click()
  await alerts.getByText('KEY_OVERUSED').waitFor()
  await alerts.getByText('1 new, connected').waitFor()
  await alerts.getByRole('button', { name: 'Read' }).click()
  await alerts.getByText('0 new, connected').waitFor()

  // The keystore holds the key: the next visit opens it.
  await tab.reload()
  await tab.getByRole('heading', { name: `Keys of ${owner}` }).waitFor()
  await alerts.getByText('KEY_OVERUSED').waitFor()
  await keys.getByText('2 keys').waitFor()
  expect(watched.problems).toEqual([])

  // Out of reach it shows what was read last, and nothing of it when it is refused.
  await tab.route('**/graphql', (route) => route.abort())
  await tab.reload()
  await keys.getByText('2 keys').waitFor()
  await keys.getByText('https://bank.example: ACTIVE').waitFor()
  await alerts.getByText('KEY_OVERUSED').waitFor()
  await keys.getByText('The key server could not be reached').waitFor()
  await tab.unroute('**/graphql')
  const errors = [
    { message: 'Refused.', extensions: { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' } },
  ]
  await tab.route('**/graphql', (route) =>
    route.fulfill({ status: 401, headers: { 'access-control-allow-origin': '*' }, json: { errors } }),
  )
  await tab.reload()
  await keys.getByText('Refused.').waitFor()
  expect(await tab.getByText('https://bank.example').count()).toBe(0)
  expect(await alerts.getByText('KEY_OVERUSED').count()).toBe(0)
})

test('what the key server refuses is said by the example', async (context) => {
  const browser = await launchBrowser()
  if (browser === null) return context.skip('No Chromium starts on this machine.')
  context.onTestFinished(() => browser.close())
  const { page: tab } = await openPage(browser)
  await tab.goto(`${page.url}/?keyserver=${keyServer.url}`)
  await tab.getByLabel('Your name').fill('NOT A NAME')
  await tab.getByRole('button', { name: 'Go' }).click()
  await tab
    .getByRole('alert')
    .getByText(/An account's name is/)
    .waitFor()
})

async function start({ page: tab }: WatchedPage, owner: string): Promise<void> {
  await tab.goto(`${page.url}/?keyserver=${keyServer.url}`)
  await tab.getByLabel('Your name').fill(owner)
  await tab.getByRole('button', { name: 'Go' }).click()
  await tab.getByRole('heading', { name: `Keys of ${owner}` }).waitFor()
}

test('the hooks’ types are those of the SDK', () => {
  expectTypeOf<ReturnType<typeof useVault>['vault']>().toEqualTypeOf<Vault | null>()
  expectTypeOf<ReturnType<typeof useKeys>['keys']>().toEqualTypeOf<readonly TransactionKey[]>()
  expectTypeOf<ReturnType<typeof useAlerts>['alerts']>().toEqualTypeOf<readonly Alert[]>()
  expectTypeOf<ReturnType<typeof useVerification>['result']>().toEqualTypeOf<VerificationResult | null>()
  expectTypeOf(useKeys).parameter(0).toExtend<{ readonly search?: string | undefined } | undefined>()
  // @ts-expect-error -- A state that there is not.
  expectTypeOf(useKeys).toBeCallableWith({ state: 'LOST' })
})
