import { expect, test, vi } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { forgive, makeAccount, makeKey, showStranger, useConsole, visit } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

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

test('the API explorer signs what one writes, follows a subscription, and stands where a browser opens the API', async (context) => {
  const watched = await world.open(context)
  const { page } = watched
  const name = await makeAccount(page)
  await makeKey(page, { server: shop })
  await page.goto(`${world.server.url}/graphql`)
  await page.getByRole('heading', { level: 1, name: 'API explorer' }).waitFor()
  const result = page.getByRole('region', { name: 'Result' }).first()
  await page.getByRole('button', { name: 'Run' }).click()
  await result.getByText(`"name": "${name}"`).waitFor()
  await page.getByLabel('Document').fill('{ account { nothing } }')
  await page.keyboard.press('Control+Enter')
  await result.getByText('GRAPHQL_VALIDATION_FAILED').waitFor()
  forgive(watched, /status of 400/)

  const beginning = encodeCursor('alert', '0')
  await page.getByLabel('Document').fill(`subscription { alerts(after: "${beginning}") { kind } }`)
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('Waiting for what comes').waitFor()
  await showStranger(world.server.url, { owner: name, applicationServer: shop })
  await result.getByText('PUBLIC_KEY_MISMATCH').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Run' }).waitFor()
})
