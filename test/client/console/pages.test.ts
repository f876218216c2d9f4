import { readFile } from 'node:fs/promises'
import type { Locator } from 'playwright-core'
import postgres from 'postgres'
import { expect, test, vi } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { alertKinds } from '../../../schema/wire/enums.ts'
import { accountIdOf } from '../../../server/lib/account-id.ts'
import { forgive, makeAccount, makeKey, showStranger, useConsole, visit } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

/** Replaces all that an editor has. */
async function writeOver(editor: Locator, text: string): Promise<void> {
  await editor.click()
  await editor.page().keyboard.press('Control+A')
  await editor.page().keyboard.insertText(text)
}

test('a backup is downloaded, and brings the keys back in another account', async (context) => {
  const first = await world.open(context)
  await makeAccount(first.page)
  await makeKey(first.page, { server: shop, label: 'Shop' })
  await visit(first.page, 'Recovery & backup')
  const passphrase = 'correct horse battery'
  const card = first.page.locator('section', { hasText: 'Download the backup' })
  await card.getByLabel('Passphrase', { exact: true }).fill(passphrase)
  await card.getByLabel('Passphrase once more').fill(passphrase)
  const downloaded = first.page.waitForEvent('download')
  await card.getByRole('button', { name: 'Download the backup' }).click()
  const path = await (await downloaded).path()
  await first.page.getByText('Backup with 1 key').waitFor()

  const second = await world.open(context)
  await makeAccount(second.page)
  await visit(second.page, 'Recovery & backup')
  const restore = second.page.locator('section', { hasText: 'Restore a backup' })
  await restore.locator('input[type=file]').setInputFiles(path)
  await restore.getByLabel('Passphrase').fill('another one altogether')
  await restore.getByRole('button', { name: 'Restore the keys' }).click()
  await second.page.getByText('The backup could not be opened').waitFor()
  await restore.getByLabel('Passphrase').fill(passphrase)
  await restore.getByRole('button', { name: 'Restore the keys' }).click()
  await second.page.getByText('1 key restored').waitFor()
})

test('a webhook is added with its secret shown once, and removed', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  await visit(page, 'Webhooks')
  await page.getByRole('button', { name: 'Add a webhook' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill('http://plain.example')
  await form.getByRole('button', { name: 'Add a webhook' }).click()
  await form.getByText('The key server does not accept this value.').waitFor()
  await form.getByLabel('Address').fill('https://receiver.example/hook')
  await form.getByRole('button', { name: 'Add a webhook' }).click()
  const secret = page.getByRole('region', { name: 'Signing secret' })
  expect(await secret.textContent()).toMatch(/^whsec_/)
  await page.getByRole('button', { name: 'Close' }).last().click()
  await page.getByText('https://receiver.example/hook').waitFor()
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Remove this webhook' }).click()
  await page.getByRole('heading', { name: 'No webhooks' }).waitFor()
})

test('a channel for some kinds of alerts is added and removed, and an address is refused where no mail is sent', async (context) => {
  const { page } = await world.open(context)
  const name = await makeAccount(page)
  await visit(page, 'Channels')
  await page.getByRole('button', { name: 'Add a channel' }).click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Address').fill('alice@mail.example')
  await form.getByRole('button', { name: 'Add a channel' }).click()
  await form.getByText('The key server does not accept this value.').waitFor()
  await form.getByRole('button', { name: /Kind/ }).click()
  await page.getByRole('option', { name: 'Slack' }).click()
  await form.getByLabel('URL').fill('https://hooks.example/services/T0')
  await form.getByRole('radio', { name: 'Only some' }).click()
  for (const kind of ['A key expires soon', 'A key has expired']) {
    await form.getByRole('checkbox', { name: kind }).click({ force: true })
  }
  await form.getByRole('button', { name: 'Add a channel' }).click()
  await page.getByText('Slack: https://hooks.example/services/T0').waitFor()
  await page.getByText(/^Only: A key is used more than allowed · A key was revoked · /).waitFor()
  const sql = postgres(world.server.databaseUrl, { max: 1, onnotice: () => undefined })
  const [stored] = await sql`
    SELECT kinds::text[] FROM webhooks JOIN accounts ON accounts.id = account_id WHERE accounts.name = ${name}`
  await sql.end({ timeout: 5 })
  expect(stored?.['kinds']).toEqual(
    alertKinds.filter((kind) => !['KEY_EXPIRING', 'KEY_EXPIRED', 'CHANNEL_CHANGED'].includes(kind)),
  )
  await page.getByRole('button', { name: 'Remove' }).click()
  await page.getByRole('button', { name: 'Remove this channel' }).click()
  await page.getByRole('heading', { name: 'No channels' }).waitFor()
})

test('the audit log is filtered, exported and checked, and a log that was changed is found out', async (context) => {
  const { page } = await world.open(context)
  const name = await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Shop', maxUses: 9 })
  await page.getByLabel('Text to sign').fill('One coffee, please.')
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await page.getByText('In the last 30 days: 1 granted, 0 refused.').waitFor()
  await page.getByRole('link', { name: 'In the audit log' }).click()
  const entries = page.getByRole('table', { name: 'Entries' })
  await entries.getByText('Key acquired').waitFor()
  expect(await entries.getByRole('row').count()).toBe(3)
  await page.getByRole('button', { name: 'All keys' }).click()
  await entries.getByText('Account opened').waitFor()
  await page.getByRole('radio', { name: 'Refused' }).click()
  await page.getByRole('heading', { name: 'Nothing recorded' }).waitFor()
  await page.getByRole('radio', { name: 'All' }).click()

  // By day and by device: tomorrow nothing has happened, and all of today was done by this device.
  await page.getByLabel('From').fill(dayFromNow(1))
  await page.getByRole('heading', { name: 'Nothing recorded' }).waitFor()
  await page.getByLabel('From').fill(dayFromNow(-1))
  await page.getByLabel('Up to').fill(dayFromNow(-1))
  await page.getByRole('heading', { name: 'Nothing recorded' }).waitFor()
  await page.getByLabel('Up to').fill(dayFromNow(0))
  await entries.getByText('Account opened').waitFor()
  await page.getByRole('button', { name: /Every device/ }).click()
  await page.getByRole('option').nth(1).click()
  await entries.getByText('Account opened').waitFor()
  expect(new URL(page.url()).searchParams.get('device')).toMatch(/^[\w-]{43}$/)
  await page.goto(`${world.server.url}/audit?device=${'A'.repeat(43)}`)
  await page.getByRole('heading', { name: 'Nothing recorded' }).waitFor()
  await visit(page, 'Audit log')
  await entries.getByText('Account opened').waitFor()

  const downloaded = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Export JSON' }).click()
  const lines = (await readFile(await (await downloaded).path(), 'utf8')).trim().split('\n')
  expect(lines.map((line) => String(JSON.parse(line).action))).toEqual([
    'ACCOUNT_OPENED',
    'KEY_STORED',
    'KEY_ACQUIRED',
  ])
  await page.getByRole('button', { name: 'Verify chain' }).click()
  await page.getByText('Intact: 3 entries').waitFor()

  // As somebody could who can write to the database.
  const sql = postgres(world.server.databaseUrl, { max: 1, onnotice: () => undefined })
  await sql`
    UPDATE audit_entries SET occurred_at = ${new Date(Date.now() + 3_600_000)}
    WHERE action = 'KEY_ACQUIRED' AND account_id = ${accountIdOf(name)}`
  await sql.end({ timeout: 5 })
  await page.getByRole('button', { name: 'Verify chain' }).click()
  await page.getByText('The log was changed: entry 3 does not fit').waitFor()
})

test('the API explorer signs what one writes, follows a subscription, and stands where a browser opens the API', async (context) => {
  const watched = await world.open(context)
  const { page } = watched
  const name = await makeAccount(page)
  await makeKey(page, { server: shop })
  await page.goto(`${world.server.url}/graphql`)
  await page.getByRole('heading', { level: 1, name: 'API explorer' }).waitFor()
  const result = page.getByRole('textbox', { name: 'Result' })
  const document = page.getByRole('textbox', { name: 'Document', exact: true })
  const write = (text: string) => writeOver(document, text)
  await page.getByRole('button', { name: 'Run' }).click()
  await result.getByText(`"name": "${name}"`).waitFor()
  await write('{ account { nothing } }')
  await page.locator('.cm-lintRange-error').waitFor()
  await page.keyboard.press('Control+Enter')
  await result.getByText('GRAPHQL_VALIDATION_FAILED').waitFor()
  forgive(watched, /status of 400/)

  // However quickly it is run after its last change.
  await document.click()
  await page.keyboard.press('Control+A')
  await document.evaluate((field) => {
    const how = { bubbles: true, cancelable: true }
    const data = '{ account { name } }'
    field.dispatchEvent(new InputEvent('beforeinput', { ...how, inputType: 'insertText', data }))
    field.dispatchEvent(new KeyboardEvent('keydown', { ...how, key: 'Enter', ctrlKey: true }))
  })
  await result.getByText(`"name": "${name}"`).waitFor()

  // Completed and explained by what the key server says of its schema.
  await write('query Mine($state: TransactionKeyState) { account { transactionKeys(state: $state) { totalC')
  await page.getByRole('option', { name: 'totalCount' }).click()
  await page.keyboard.type(' } } }')
  await page.keyboard.press('Shift+Control+P')
  await document.getByText(/^ {6}totalCount$/).waitFor()
  await page.getByRole('textbox', { name: 'Variables (JSON)' }).click()
  await page.keyboard.press('Control+A')
  await page.keyboard.type('{"state": "A')
  await page.getByRole('option', { name: 'ACTIVE' }).click()
  await page.keyboard.press('Control+Enter')
  await result.getByText('"totalCount": 1').waitFor()
  await page.getByRole('radio', { name: 'Documentation' }).click()
  await page.getByRole('searchbox').fill('verifyPublicKeys')
  await page.getByRole('button', { name: 'Query.verifyPublicKeys' }).click()
  await page.getByText('verifyPublicKeys(inputs: [VerifyPublicKeyInput!]!)').waitFor()

  // Kept for the next visit, what was run too.
  await page.reload()
  await document.getByText('query Mine').waitFor()
  await page.getByRole('radio', { name: 'History' }).click()
  await page.getByRole('button', { name: 'Account', exact: true }).click()

  const beginning = encodeCursor('alert', '0')
  await write(`subscription { alerts(after: "${beginning}") { kind } }`)
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('Waiting for what comes').waitFor()
  await showStranger(world.server.url, { owner: name, applicationServer: shop })
  await result.getByText('PUBLIC_KEY_MISMATCH').waitFor()
  await page.getByRole('status').getByText('Running').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('status').getByText('Done').waitFor()
  await page.getByRole('button', { name: 'Run' }).waitFor()

  // With a key that is forgotten with the page, what is tried does not touch the own account.
  await page.getByRole('radio', { name: 'A throw-away account' }).click()
  await write('{ account { name transactionKeys { totalCount } } }')
  await page.getByRole('button', { name: 'Run' }).click()
  await result.getByText(/"name": "try-[\w-]{13}",\s+"transactionKeys": \{\s+"totalCount": 0/).waitFor()
})

test('what is written in the API explorer while the document is tidied up stays', async (context) => {
  const { page } = await world.open(context, '/graphql')
  const document = page.getByRole('textbox', { name: 'Document', exact: true })
  const asked = Promise.withResolvers<undefined>()
  const released = Promise.withResolvers<undefined>()
  await page.route('**/assets/standalone*.js', async (route) => {
    asked.resolve(undefined)
    await released.promise
    await route.continue()
  })
  const write = (text: string) => writeOver(document, text)
  await write('{ keyServer { version } }')
  await page.keyboard.press('Shift+Control+P')
  await asked.promise
  await write('{ keyServer { version time } }')
  const loaded = page.waitForResponse('**/assets/standalone*.js')
  released.resolve(undefined)
  await (await loaded).finished()
  // Long enough for what was asked for first to be laid out.
  await page.waitForTimeout(500)
  await document.getByText('{ keyServer { version time } }').waitFor()
  await page.keyboard.press('Shift+Control+P')
  await document.getByText(/^ {4}version$/).waitFor()
  await document.getByText(/^ {4}time$/).waitFor()
})

test('the API explorer needs no account: what it runs is signed for one that is forgotten with the page', async (context) => {
  const { page } = await world.open(context, '/graphql')
  await page.getByRole('heading', { level: 1, name: 'API explorer' }).waitFor()
  await page.getByText('This browser has no account yet').waitFor()
  await page.getByRole('button', { name: 'Run' }).click()
  await page
    .getByRole('textbox', { name: 'Result' })
    .getByText(/"name": "try-[\w-]{13}"/)
    .waitFor()
  await page.getByRole('radio', { name: 'Documentation' }).click()
  await page.getByRole('searchbox').fill('verifyPublicKeys')
  await page.getByRole('button', { name: 'Query.verifyPublicKeys' }).click()
  expect(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true)

  // Nothing of it stays: the console still asks what to begin with.
  await page.getByRole('link', { name: 'Claviger' }).click()
  await page.getByRole('button', { name: /^Start here/ }).waitFor()
  await page.getByRole('link', { name: 'Try the API' }).click()
  await page.getByRole('heading', { level: 1, name: 'API explorer' }).waitFor()
})

/** A day of the browser's calendar, as a date field takes it. */
function dayFromNow(days: number): string {
  const day = new Date(Date.now() + days * 86_400_000)
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()]
    .map((part) => String(part).padStart(2, '0'))
    .join('-')
}
