import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { expect, test, vi, type TestContext } from 'vitest'
import { createVault, memoryKeystore, type Vault } from '../../../client/index.ts'
import { bundle } from '../../support/bundle.ts'
import { startTestServer } from '../../support/server.ts'
import {
  databasePoolSize,
  forgive,
  makeAccount,
  makeKey,
  nameOfNewAccount,
  useConsole,
  visit,
} from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

/** An owner's device elsewhere, and the console of a key server that is for viewing only, opened as a viewer of theirs. */
async function openViewer(context: TestContext) {
  const viewing = await startTestServer(world.server.databaseUrl, { console: 'viewer', databasePoolSize })
  context.onTestFinished(() => viewing.stop())
  const owner = nameOfNewAccount()
  const vault = await createVault({ url: viewing.url, owner, keystore: memoryKeystore() })
  const key = await vault.createKey(shop, { label: 'Shop', maxUses: 1 })
  const watched = await world.open(context)
  await watched.page.goto(viewing.url)
  await connect(watched.page, vault)
  return { ...watched, watched, vault, key, url: viewing.url }
}

/** Connects the page as a viewer, and approves it by its code. */
async function connect(page: Page, vault: Vault): Promise<void> {
  await page.getByRole('button', { name: /^Watch from this browser/ }).click()
  await page.getByLabel('Your user name').fill(vault.owner)
  await page.getByRole('button', { name: 'Continue' }).click()
  const code = await page.getByRole('region', { name: 'Pairing code' }).textContent()
  const pairing = await vault.lookUpPairing(code ?? '')
  expect(await page.locator('ol').last().getByRole('listitem').allTextContents()).toEqual(pairing.words)
  await vault.approveDevice(pairing)
  await page.getByRole('heading', { name: `Hello, ${vault.owner}` }).waitFor()
}

test('a copy for viewing only opens with a key that a device approved, follows alerts, and offers nothing that changes anything', async (context) => {
  const { page, vault, key } = await openViewer(context)
  await page.getByText('whoever runs it could change the page').waitFor()
  await visit(page, 'Devices')
  await page
    .getByRole('listitem')
    .filter({ hasText: 'This device' })
    .getByText('Viewer', { exact: true })
    .waitFor()
  expect(await page.getByRole('button', { name: /Revoke|Add a device/ }).count()).toBe(0)
  await visit(page, 'Keys')
  expect(await page.getByRole('button', { name: /New key|Revoke/ }).count()).toBe(0)
  await page.getByRole('link', { name: 'Shop', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Shop' }).waitFor()
  expect(await page.getByRole('button', { name: /Change|Rotate|Revoke|Destroy|Sign/ }).count()).toBe(0)

  await page.locator('[data-connection="live"]').first().waitFor()
  await vault.acquire({ id: key.id })
  await vault.acquire({ id: key.id })
  await page
    .getByRole('region', { name: 'Notifications' })
    .getByText('Shop is used more than allowed')
    .waitFor()
  await visit(page, 'Alerts')
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await page.getByRole('radio', { name: 'Unread 0' }).waitFor()
})

test('a copy for viewing only does not open with a key that can do everything', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  // As when the key server was restarted for others than this machine.
  await page.route(`${world.server.url}/`, async (route) => {
    const response = await route.fetch()
    const html = await response.text()
    await route.fulfill({
      response,
      body: html.replace(/(name="claviger-console" content=")\w+/, '$1viewer'),
    })
  })
  await page.goto(world.server.url)
  await page.getByRole('heading', { name: 'This browser’s key can do too much' }).waitFor()
  await page.getByRole('button', { name: 'Forget this browser’s key' }).click()
  await page.getByRole('button', { name: /^Watch from this browser/ }).waitFor()
})

test('a full console can be a viewer too, when its device was approved as one', async (context) => {
  const first = await world.open(context)
  const name = await makeAccount(first.page)
  await makeKey(first.page, { server: shop, label: 'Shop' })
  const { page } = await world.open(context)
  await page.getByRole('button', { name: /^I have another device/ }).click()
  await page.getByLabel('Your user name').fill(name)
  await page.getByText('Only watch').click()
  await page.getByRole('button', { name: 'Continue' }).click()
  const code = await page.getByRole('region', { name: 'Pairing code' }).textContent()
  await first.page.goto(`${world.server.url}/devices/approve#${code ?? ''}`)
  await first.page.getByText('It asks to be a viewer').waitFor()
  await first.page.getByRole('button', { name: 'The words are the same' }).click()
  await first.page.getByText('It reads and follows alerts, and can change nothing.').waitFor()
  await page.getByText('This browser is a viewer').waitFor()
  await visit(page, 'Keys')
  expect(await page.getByRole('button', { name: 'New key' }).count()).toBe(0)
})

test('a page that was changed can only read and acknowledge with a VIEWER’s key, and cannot carry it away', async (context) => {
  const { watched, page, vault, key, url } = await openViewer(context)
  await vault.revokeKey((await vault.createKey('https://old.example')).id)
  const before = await stateOf(vault)
  const script = await bundle(fileURLToPath(new URL('malicious-page.ts', import.meta.url)))
  // Whoever changes the page changes its policy too.
  await page.route(`${url}/malicious`, (route) =>
    route.fulfill({ contentType: 'text/html', body: `<script type="module">${script}</script>` }),
  )
  await page.goto(`${url}/malicious`)
  const known = { id: key.id, device: vault.managementKeyId, pretends: false }
  expect(await page.evaluate(() => globalThis.read())).toEqual({
    account: 'done',
    keys: 'done',
    webhooks: 'done',
    acknowledge: 'done',
  })
  const attack = async (pretends: boolean) => {
    const attempts = await page.evaluate((target) => globalThis.attack(target), { ...known, pretends })
    const { exportPrivateKey, exportBackup, ...operations } = attempts
    expect(exportPrivateKey).toMatch(/InvalidAccessError/)
    expect(exportBackup).toBe('Error: EMPTY')
    expect(Object.keys(operations)).toHaveLength(15)
    return operations
  }
  const refusals = await attack(false)
  expect(new Set(Object.values(refusals)), JSON.stringify(refusals)).toEqual(new Set(['FORBIDDEN']))
  // With its own word that it is a device's: the SDK itself finds that the account says otherwise.
  const others = await attack(true)
  const { createKey, rotateKey, ...rest } = others
  expect([createKey, rotateKey]).toEqual(['UNTRUSTED_MANAGEMENT_KEY', 'UNTRUSTED_MANAGEMENT_KEY'])
  expect(new Set(Object.values(rest)), JSON.stringify(rest)).toEqual(new Set(['FORBIDDEN']))
  const mutations = await page.evaluate(() => globalThis.mutate())
  expect(Object.keys(mutations).length).toBeGreaterThan(10)
  expect(Object.entries(mutations).filter(([, result]) => result === 'done')).toEqual([])
  expect(await stateOf(vault)).toEqual(before)
  forgive(watched, /status of 40\d|favicon/)
})

/** Everything of an account that others than its owner might want to change. */
async function stateOf(vault: Vault) {
  const { managementKeys } = await vault.account()
  const keys = await vault.keys().toArray()
  return {
    devices: managementKeys.map(({ id, kind }) => ({ id, kind })),
    keys: keys.map(({ id, label, state, useCount }) => ({ id, label, state, useCount })),
    webhooks: await vault.webhooks(),
    channels: await vault.channels(),
  }
}
