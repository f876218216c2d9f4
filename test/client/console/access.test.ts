import postgres from 'postgres'
import { describe, expect, test, vi } from 'vitest'
import { createInvitation, hashOfInvitation } from '../../../server/accounts/invitations.ts'
import { startTestServer } from '../../support/server.ts'
import {
  databasePoolSize,
  forgive,
  makeAccount,
  makeKey,
  nameOfNewAccount,
  showStranger,
  useConsole,
  visit,
} from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

describe('the first run', () => {
  test('makes an account, has the recovery phrase checked, and the phrase restores it elsewhere', async (context) => {
    const { page } = await world.open(context)
    const name = nameOfNewAccount()
    await page.getByRole('button', { name: /^Start here/ }).click()
    await page.getByLabel('Your user name').fill(name)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Write down your recovery phrase' }).waitFor()
    const words = await page
      .getByRole('list', { name: 'The 24 words' })
      .getByRole('listitem')
      .allTextContents()
    expect(words).toHaveLength(24)
    await page.getByRole('button', { name: 'Continue' }).click()

    const fields = page.getByRole('textbox')
    await fields.first().waitFor()
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.getByText('That is another word').first().waitFor()
    for (const field of await fields.all()) {
      const label = (await field.evaluate((input: HTMLInputElement) => input.labels?.[0]?.textContent)) ?? ''
      await field.fill(words[Number(/\d+/.exec(label)) - 1] ?? '')
    }
    await page.getByRole('button', { name: 'Finish' }).click()
    await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
    await page.getByText('You have a recovery phrase').waitFor()
    await makeKey(page, { server: shop, label: 'Shop' })

    const other = await world.open(context)
    await other.page.getByRole('button', { name: /^I have a recovery phrase/ }).click()
    await other.page.getByLabel('Your user name').fill(name)
    await other.page.getByLabel('The 24 words').fill(words.join(' '))
    await other.page.getByRole('button', { name: 'Look' }).click()
    await other.page.getByText('1 key can be restored.').waitFor()
    await other.page.getByRole('button', { name: 'Restore on this browser' }).click()
    await other.page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  })

  test('keeps the management key where no script can copy it out', async (context) => {
    const { page } = await world.open(context)
    await makeAccount(page)
    const extractable = await page.evaluate<boolean[]>(`new Promise((resolve) => {
      indexedDB.open('claviger').onsuccess = ({ target: { result: database } }) => {
        const store = database.transaction('management-key').objectStore('management-key')
        store.get('only').onsuccess = ({ target: { result: { signing, wrapping } } }) => {
          database.close()
          resolve([signing, wrapping].map(({ privateKey }) => privateKey.extractable))
        }
      }
    })`)
    expect(extractable).toEqual([false, false])
  })

  test('says so when a name is taken', async (context) => {
    const first = await world.open(context)
    const name = await makeAccount(first.page)
    const second = await world.open(context)
    await second.page.getByRole('button', { name: /^Start here/ }).click()
    await second.page.getByLabel('Your user name').fill(name)
    await second.page.getByRole('button', { name: 'Continue' }).click()
    await second.page.getByText('This name is taken').waitFor()
    forgive(second, /status of 401/)
  })
})

test('where an account takes an invitation the first step asks for it, says when it is none, and goes on with one', async (context) => {
  const inviting = await startTestServer(world.server.databaseUrl, {
    console: 'full',
    registration: 'INVITE',
    databasePoolSize,
  })
  context.onTestFinished(() => inviting.stop())
  const invitation = createInvitation()
  const sql = postgres(world.server.databaseUrl, { max: 1, onnotice: () => undefined })
  await sql`
    INSERT INTO invitations (hash, expires_at)
    VALUES (${hashOfInvitation(invitation)}, clock_timestamp() + interval '1 day')`
  await sql.end({ timeout: 5 })

  const watched = await world.open(context)
  const { page } = watched
  await page.goto(inviting.url)
  await page.getByRole('button', { name: /^Start here/ }).click()
  const name = nameOfNewAccount()
  await page.getByLabel('Your user name').fill(name)
  const field = page.getByLabel('Invitation')
  await field.waitFor()
  const next = page.getByRole('button', { name: 'Continue' })
  expect(await next.isDisabled()).toBe(true)
  await field.fill(createInvitation())
  await next.click()
  await page.getByText('This is no invitation, or it was used').waitFor()
  await field.fill(invitation)
  await next.click()
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  forgive(watched, /status of 40[13]/)
})

test('a second device is approved by its words, uses what the first one made, and is revoked while it is open', async (context) => {
  const first = await world.open(context)
  const name = await makeAccount(first.page)
  await makeKey(first.page, { server: shop, label: 'Shop' })

  const second = await world.open(context)
  await second.page.getByRole('button', { name: /^I have another device/ }).click()
  await second.page.getByLabel('Your user name').fill(name)
  await second.page.getByRole('button', { name: 'Continue' }).click()
  const code = await second.page.getByRole('region', { name: 'Pairing code' }).textContent()
  const wordsOf = (page: typeof first.page) =>
    page.locator('ol').last().getByRole('listitem').allTextContents()
  const words = await wordsOf(second.page)
  expect(words).toHaveLength(6)

  // As a camera does that has read the picture.
  await first.page.goto(`${world.server.url}/devices/approve#${code ?? ''}`)
  await first.page.getByText('Does the new device show the same words?').waitFor()
  expect(await wordsOf(first.page)).toEqual(words)
  await first.page.getByRole('button', { name: 'The words are the same' }).click()
  await first.page.getByText('1 key was wrapped for it.').waitFor()

  await second.page.getByRole('heading', { name: `Hello, ${name}` }).waitFor()
  await second.page.getByRole('link', { name: 'Keys', exact: true }).first().click()
  await second.page.getByRole('link', { name: 'Shop', exact: true }).click()
  await second.page.getByLabel('Text to sign').fill('hello')
  await second.page.getByRole('button', { name: 'Sign', exact: true }).click()
  await second.page.getByRole('region', { name: 'Signature (base64url)' }).waitFor()

  await first.page.getByRole('button', { name: /^Revoke / }).click()
  await first.page.getByRole('button', { name: 'Revoke this device' }).click()
  await second.page.getByRole('heading', { name: 'This browser has no access' }).waitFor()
  forgive(second, /status of 401/)
})

test('offline it says so and shows what was read, and back it catches up with what it missed', async (context) => {
  const watched = await world.open(context)
  const { page, context: profile } = watched
  const name = await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Shop' })
  await visit(page, 'Keys')
  await page.locator('[data-connection="live"]').first().waitFor()
  await profile.setOffline(true)
  await page.getByText('The key server is out of reach. You see what was read before').waitFor()
  await page.getByRole('link', { name: 'Shop', exact: true }).waitFor()

  await showStranger(world.server.url, { owner: name, applicationServer: shop })
  await profile.setOffline(false)
  await page.locator('[data-connection="live"]').first().waitFor()
  await page.getByRole('region', { name: 'Notifications' }).getByText('Somebody posed as you').waitFor()
  forgive(watched, /ERR_INTERNET_DISCONNECTED/)
})

test('loaded anew while the key server is out of reach it shows what was read before, and nothing of it when it is refused', async (context) => {
  const watched = await world.open(context)
  const { page } = watched
  await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Shop' })
  await visit(page, 'Keys')
  await page.getByRole('link', { name: 'Shop', exact: true }).waitFor()
  await page.getByRole('radio', { name: 'All 1' }).waitFor()
  await page.route('**/graphql', (route) => route.abort())
  await page.reload()
  await page.getByRole('link', { name: 'Shop', exact: true }).waitFor()
  await page.getByText('NETWORK').first().waitFor()

  await page.unroute('**/graphql')
  const extensions = { code: 'UNAUTHENTICATED', reason: 'SIGNATURE_INVALID' }
  await page.route('**/graphql', (route) =>
    route.fulfill({ status: 401, json: { errors: [{ message: 'Refused.', extensions }] } }),
  )
  await page.reload()
  await page.getByRole('heading', { name: 'This browser has no access' }).waitFor()
  expect(await page.getByRole('link', { name: 'Shop', exact: true }).count()).toBe(0)
  forgive(watched, /ERR_FAILED|status of 401/)
})
