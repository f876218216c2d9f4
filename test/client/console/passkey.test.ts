import type { Page } from 'playwright-core'
import { expect, test, vi, type TestContext } from 'vitest'
import { addAuthenticator } from '../../support/virtual-authenticator.ts'
import { makeKey, nameOfNewAccount, useConsole, visit } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()

/** The console at a name: WebAuthn has no passkeys for an IP address. */
async function openAtName(context: TestContext) {
  const watched = await world.open(context)
  await watched.page.goto(world.server.url.replace('127.0.0.1', 'localhost'))
  return watched
}

/** Begins an account; what keeps its key is the first choice. */
async function beginAccount(page: Page): Promise<string> {
  const name = nameOfNewAccount()
  await page.getByRole('button', { name: /^Start here/ }).click()
  await page.getByRole('radio', { name: 'A passkey' }).waitFor({ state: 'attached' })
  await page.getByLabel('Your user name').fill(name)
  await page.getByRole('button', { name: 'Continue' }).click()
  return name
}

/** The content of the page's keystore databases about a management key, in words that show whether it is usable as it is. */
function storedKinds(page: Page): Promise<string[]> {
  return page.evaluate(async () => {
    const databases = await indexedDB.databases()
    const read = (name: string) =>
      new Promise<string | null>((resolve) => {
        indexedDB.open(name).onsuccess = ({ target }) => {
          const { result: database } = target as IDBOpenDBRequest
          if (!database.objectStoreNames.contains('management-key')) {
            database.close()
            resolve(null)
            return
          }
          const reading = database.transaction('management-key').objectStore('management-key').get('only')
          reading.onsuccess = () => {
            const record: object = reading.result ?? {}
            database.close()
            resolve('signing' in record ? 'a key' : 'sealed' in record ? 'a sealed key' : 'nothing')
          }
        }
      })
    const kinds = await Promise.all(databases.map(({ name = '' }) => read(name)))
    return kinds.filter((kind) => kind !== null)
  })
}

test('a passkey seals the key of the first run, opens it at the next visit, and only then', async (context) => {
  const { page } = await openAtName(context)
  const authenticator = await addAuthenticator(page, { hasPrf: true })
  await page.reload()
  const name = await beginAccount(page)
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  expect((await storedKinds(page)).toSorted()).toEqual(['a sealed key', 'nothing'])

  await page.reload()
  await page.getByRole('heading', { name: `Welcome back, ${name}` }).waitFor()
  await page.getByRole('button', { name: 'Unlock' }).click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  await makeKey(page, { server: 'https://shop.example', label: 'Shop' })
  await page.getByLabel('Text to sign').fill('hello')
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await page.getByRole('region', { name: 'Signature (base64url)' }).waitFor()
  await visit(page, 'Settings')
  await page.getByText('a passkey, which seals it in this browser').waitFor()

  // Somebody else at the same browser.
  await page.reload()
  await authenticator.verifiesUser(false)
  await page.getByRole('button', { name: 'Unlock' }).click()
  await page.getByText('KEYSTORE_LOCKED').waitFor()
  await page.getByRole('button', { name: 'Forget this browser’s key' }).click()
  await page.getByRole('button', { name: 'Forget it for good' }).click()
  await page.getByRole('heading', { name: 'Welcome', exact: true }).waitFor()
})

test('a passkey that has no prf is given up for the browser, which says so', async (context) => {
  const { page } = await openAtName(context)
  await addAuthenticator(page, { hasPrf: false })
  await page.reload()
  const name = await beginAccount(page)
  await page.getByText('That passkey cannot seal a key.').waitFor()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  expect(await storedKinds(page)).toContain('a key')
})

test('where a page has no passkeys none is offered', async (context) => {
  const { page } = await world.open(context)
  await page.getByRole('button', { name: /^Start here/ }).click()
  await page.getByText('This browser will keep the key').waitFor()
  expect(await page.getByRole('radio', { name: 'A passkey' }).count()).toBe(0)
})
