import postgres from 'postgres'
import type { Request } from 'playwright-core'
import { expect, test, vi } from 'vitest'
import { fillAccountKeys } from '../../support/fill-account-keys.ts'
import { makeAccount, makeKey, overflowOf, useConsole, visit } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

test('a key is made, used, over-used with an alert that arrives live, and revoked', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Shop', maxUses: 1 })
  await page.locator('[data-connection="live"]').first().waitFor()
  await page.getByLabel('Text to sign').fill('One coffee, please.')
  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await page.getByText('1 of 1').waitFor()
  expect(await page.getByRole('region', { name: 'Signature (base64url)' }).textContent()).toMatch(
    /^[\w-]{86}$/,
  )

  await page.getByRole('button', { name: 'Sign', exact: true }).click()
  await page
    .getByRole('region', { name: 'Notifications' })
    .getByText('Shop is used more than allowed')
    .waitFor()
  await page.getByText('2 of 1, exceeded').waitFor()
  await page.getByText('1 unread').first().waitFor({ state: 'attached' })

  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByLabel('Somebody else may have it').check({ force: true })
  await page.getByRole('button', { name: 'Revoke 1 key' }).click()
  await page.getByText('This key is not active').waitFor()

  await visit(page, 'Alerts')
  await page.getByRole('button', { name: 'Mark all as read' }).click()
  await page.getByRole('radio', { name: 'Unread 0' }).waitFor()
})

test('a symmetric key encrypts, decrypts, and is destroyed only when its name is typed', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Notes', kind: 'Encrypt' })
  const field = page.getByLabel('Text to encrypt, or base64 to decrypt')
  await field.fill('a secret')
  await page.getByRole('button', { name: 'Encrypt', exact: true }).click()
  const cipher = await page.getByRole('region', { name: 'Encrypted (base64)' }).textContent()
  await field.fill(cipher ?? '')
  await page.getByRole('button', { name: 'Decrypt' }).click()
  await page.getByRole('region', { name: 'Text' }).getByText('a secret').waitFor()

  await page.getByRole('button', { name: 'Destroy' }).click()
  const confirm = page.getByRole('button', { name: 'Destroy for good' })
  expect(await confirm.isDisabled()).toBe(true)
  await page.getByLabel('Type Notes to confirm').fill('Notes')
  await confirm.click()
  await page.getByText('1 key is destroyed').waitFor()
})

test('a key is changed and rotated, and a public key is verified with its signatures', async (context) => {
  const { page } = await world.open(context)
  const name = await makeAccount(page)
  await makeKey(page, { server: shop, label: 'Shop' })
  await page.getByRole('button', { name: 'Change' }).click()
  await page
    .getByRole('dialog')
    .getByLabel(/^Most uses/)
    .fill('7')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('0 of 7').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('0 of 7').waitFor({ state: 'detached' })
  const before = page.url()
  await page.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('button', { name: 'Rotate now' }).click()
  await page.getByText('1 key was rotated').waitFor()
  await page.waitForURL((url) => url.href !== before)

  await page.getByRole('radio', { name: 'OpenSSH' }).click()
  const line = await page.getByRole('region', { name: 'Public key OpenSSH' }).textContent()
  expect(line).toMatch(/^ssh-ed25519 AAAA/)
  await page.getByRole('radio', { name: 'PEM' }).click()
  const pem = await page.getByRole('region', { name: 'Public key PEM' }).textContent()
  await visit(page, 'Verify a key')
  await page.getByLabel('Owner').fill(name)
  await page.getByLabel('Application server').fill(shop)
  for (const text of [line ?? '', pem ?? '']) {
    await page.getByLabel('The public key that you were shown').fill(text)
    await page.getByRole('button', { name: 'Check it' }).click()
    await page.getByText('Yes: it is theirs, and valid now').waitFor()
    await page.getByText('The answer’s signature was checked here').waitFor()
    await page.getByText('The owner’s own device signed what this key is').waitFor()
  }
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await overflowOf(page)).toBe(0)
  await page.setViewportSize({ width: 1280, height: 800 })
  await page.getByLabel('Owner').fill(`${name}-not`)
  await page.getByRole('button', { name: 'Check it' }).click()
  await page.getByText('It is not a key of theirs for this server').waitFor()
})

test('10,000 keys stay smooth: few rows in the document, and search, order and totals are about all of them', async (context) => {
  const { page } = await world.open(context)
  const name = await makeAccount(page)
  const sql = postgres(world.server.databaseUrl, { max: 1, onnotice: () => undefined })
  await fillAccountKeys(sql, { owner: name, count: 10_000 }).finally(() => sql.end({ timeout: 5 }))
  let pagesRead = 0
  const underWay = new Set<Request>()
  page.on('request', (request) => {
    underWay.add(request)
    if (request.postData()?.includes('TransactionKeyPage') === true) pagesRead += 1
  })
  page.on('requestfinished', (request) => underWay.delete(request))
  page.on('requestfailed', (request) => underWay.delete(request))
  await page.goto(`${world.server.url}/keys`)
  await page.getByRole('radio', { name: /^All 10,000/ }).waitFor()
  await page.getByRole('link', { name: 'Label 10000', exact: true }).waitFor()
  expect(await page.getByRole('row').count()).toBeLessThan(60)

  const rowsMax = await page.evaluate(async () => {
    let most = 0
    for (let step = 0; step < 40; step += 1) {
      scrollTo(0, (document.documentElement.scrollHeight * step) / 40)
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
      most = Math.max(most, document.querySelectorAll('[data-index]').length)
    }
    return most
  })
  expect(rowsMax).toBeGreaterThan(5)
  expect(rowsMax).toBeLessThan(60)

  // A row's action is that row's: no other one changes, and nothing is asked.
  await page.evaluate(() => scrollTo(0, 0))
  await page.getByRole('link', { name: 'Label 10000', exact: true }).waitFor()
  // The pages that the jumps asked for have come, and are shown.
  let pagesBefore = -1
  while (underWay.size > 0 || pagesBefore !== pagesRead) {
    pagesBefore = pagesRead
    await page.evaluate(untilQuiet)
  }
  const changedRows = await page.evaluate(async () => {
    const rows = new Set<string | undefined>()
    const observer = new MutationObserver((changes) => {
      for (const { target } of changes) {
        const row = target instanceof Element ? target.closest<HTMLElement>('[data-index]') : null
        if (row !== null) rows.add(row.dataset['index'])
      }
    })
    observer.observe(document, { subtree: true, attributes: true, childList: true, characterData: true })
    document.querySelector<HTMLElement>('[data-index="2"] input[type="checkbox"]')?.click()
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
    return [...rows]
  })
  expect(changedRows).toEqual(['2'])
  await page.getByText('1 key selected').waitFor()
  await page.getByRole('button', { name: 'Clear the selection' }).click()
  expect(pagesRead).toBe(pagesBefore)

  await page.getByRole('searchbox').fill('label 987')
  await page.getByRole('radio', { name: /^All 11$/ }).waitFor()
  await page.getByText('11 keys', { exact: true }).waitFor()
  await page.getByRole('link', { name: 'Label 9876', exact: true }).waitFor()
  await page.getByRole('radio', { name: /^Revoked 0$/ }).click()
  await page.getByRole('heading', { name: 'Nothing found' }).waitFor()
  await page.getByRole('button', { name: 'Show all keys' }).click()
  await page.getByText('10,000 keys', { exact: true }).waitFor()
  await page.getByRole('button', { name: /Newest/ }).click()
  await page.getByRole('option', { name: 'Oldest' }).click()
  await page.getByRole('link', { name: 'Label 1', exact: true }).waitFor()

  // By keyboard to the last one: the pages between are not read, only the cursors behind them.
  await page.getByRole('row').nth(1).focus()
  const before = pagesRead
  await page.keyboard.press('End')
  await page.getByRole('link', { name: 'Label 10000', exact: true }).waitFor()
  expect(pagesRead - before).toBeLessThan(5)
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'))).toBe('10001')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Label 10000', exact: true }).waitFor()
})

test('the keys that a search finds are changed, revoked and destroyed at once, and only these', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  for (const label of ['Old one', 'Old two', 'New']) await makeKey(page, { server: shop, label })
  await visit(page, 'Keys')
  await page.getByRole('searchbox').fill('old')
  await page.getByText('2 keys', { exact: true }).waitFor()
  await page.getByRole('checkbox', { name: 'Select all that were found' }).click({ force: true })
  await page.getByText('2 keys selected').waitFor()

  // A term that was changed by mistake is given back.
  const ends = page.getByText('ends in 12 months')
  await page.getByRole('button', { name: 'Change term…' }).click()
  await page.getByRole('radio', { name: 'No end' }).click()
  await page.getByRole('button', { name: 'Change 2 keys' }).click()
  await page.getByText('The terms of 2 keys were changed').waitFor()
  await ends.first().waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await ends.nth(1).waitFor()

  await page.getByRole('checkbox', { name: 'Select all that were found' }).click({ force: true })
  await page.getByRole('button', { name: 'Revoke…' }).click()
  await page.getByRole('button', { name: 'Revoke 2 keys' }).click()
  await page.getByText('2 keys revoked').waitFor()
  await page.getByRole('radio', { name: 'Revoked 2' }).waitFor()

  await page.getByRole('checkbox', { name: 'Select all that were found' }).click({ force: true })
  expect(await page.getByRole('button', { name: 'Rotate…' }).isDisabled()).toBe(true)
  await page.getByRole('button', { name: 'Destroy…' }).click()
  const destroy = page.getByRole('button', { name: 'Destroy for good' })
  expect(await destroy.isDisabled()).toBe(true)
  await page.getByLabel('Type 2 keys to confirm').fill('2 keys')
  await destroy.click()
  await page.getByText('2 keys are destroyed').waitFor()

  await page.getByRole('searchbox').fill('')
  await page.getByRole('radio', { name: 'Active 1' }).click()
  await page.getByText('1 of 3 keys').waitFor()
  await page.getByRole('link', { name: 'New', exact: true }).waitFor()
})

/** Resolves, in the page, when nothing of it has changed for half a second. */
function untilQuiet(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      observer.disconnect()
      resolve()
    }
    let timer = setTimeout(end, 500)
    const observer = new MutationObserver(() => {
      clearTimeout(timer)
      timer = setTimeout(end, 500)
    })
    observer.observe(document, { subtree: true, attributes: true, childList: true, characterData: true })
  })
}
