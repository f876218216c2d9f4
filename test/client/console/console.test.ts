import postgres from 'postgres'
import { describe, expect, test, vi } from 'vitest'
import { encodeCursor } from '../../../schema/wire/cursor.ts'
import { verifyPublicKey } from '../../../client/index.ts'
import { forgive, makeAccount, makeKey, nameOfNewAccount, useConsole, visit } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 60_000 })

const world = useConsole()
const shop = 'https://shop.example'

describe('the first run', () => {
  test('makes an account, has the recovery phrase checked, and the phrase restores it elsewhere', async (context) => {
    const { page } = await world.open(context)
    const name = nameOfNewAccount()
    await page.getByRole('button', { name: /^Start here/ }).click()
    await page.getByLabel('Your name here').fill(name)
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
    await other.page.getByLabel('Your name here').fill(name)
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
    await second.page.getByLabel('Your name here').fill(name)
    await second.page.getByRole('button', { name: 'Continue' }).click()
    await second.page.getByText('This name is taken').waitFor()
    forgive(second, /status of 401/)
  })
})

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
  await page.getByText('The key is destroyed').waitFor()
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
  const before = page.url()
  await page.getByRole('button', { name: 'Rotate' }).click()
  await page.getByRole('button', { name: 'Rotate now' }).click()
  await page.getByText('A new key has taken its place').waitFor()
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
  await page.getByLabel('Owner').fill(`${name}-not`)
  await page.getByRole('button', { name: 'Check it' }).click()
  await page.getByText('It is not a key of theirs for this server').waitFor()
})

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
  await showStranger(name)
  await result.getByText('PUBLIC_KEY_MISMATCH').waitFor()
  await page.getByRole('button', { name: 'Stop' }).click()
  await page.getByRole('button', { name: 'Run' }).waitFor()
})

test('a second device is approved by its words, uses what the first one made, and is revoked while it is open', async (context) => {
  const first = await world.open(context)
  const name = await makeAccount(first.page)
  await makeKey(first.page, { server: shop, label: 'Shop' })

  const second = await world.open(context)
  await second.page.getByRole('button', { name: /^I have another device/ }).click()
  await second.page.getByLabel('Your name here').fill(name)
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

  await showStranger(name)
  await profile.setOffline(false)
  await page.locator('[data-connection="live"]').first().waitFor()
  await page.getByRole('region', { name: 'Notifications' }).getByText('Somebody posed as you').waitFor()
  forgive(watched, /ERR_INTERNET_DISCONNECTED/)
})

test('10,000 keys stay smooth: few rows in the document, and search and filter are about all of them', async (context) => {
  const { page } = await world.open(context)
  const name = await makeAccount(page)
  await fillKeys(name, 10_000)
  await page.goto(`${world.server.url}/keys`)
  await page.getByRole('radio', { name: /^All 10,000/ }).waitFor({ timeout: 40_000 })
  expect(await page.getByRole('row').count()).toBeLessThan(60)

  // The middle one of 40 jumps: on a machine that does other work too, single ones wait for their turn.
  const jumpMs = await page.evaluate(async () => {
    const times: number[] = []
    for (let step = 0; step < 40; step += 1) {
      const startedAt = performance.now()
      scrollTo(0, (document.documentElement.scrollHeight * step) / 40)
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
      times.push(performance.now() - startedAt)
    }
    return times.toSorted((a, b) => a - b)[20] ?? Infinity
  })
  expect(jumpMs).toBeLessThan(200)

  await page.getByRole('searchbox').fill('label 9876')
  await page.getByText('1 of 10,000 keys').waitFor()
  await page.getByRole('link', { name: 'Label 9876', exact: true }).waitFor()
  await page.getByRole('searchbox').fill('')
  await page.getByText('10,000 keys', { exact: true }).waitFor()

  // By keyboard to the last one.
  await page.getByRole('row').nth(1).focus()
  await page.keyboard.press('End')
  await page.locator('[aria-rowindex="10001"]').waitFor()
  expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-rowindex'))).toBe('10001')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'Label 1', exact: true }).waitFor()
})

/** Somebody shows the shop a key in the owner's name: an alert, once an hour. */
async function showStranger(owner: string): Promise<void> {
  const publicKey = { kty: 'OKP', crv: 'Ed25519', x: 'ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ' }
  await verifyPublicKey({ url: world.server.url, owner, applicationServer: shop, publicKey })
}

/** By SQL: through the API it would take minutes. They have no certificate, so each is shown as not confirmed. */
async function fillKeys(owner: string, count: number): Promise<void> {
  const sql = postgres(world.server.databaseUrl, { max: 1, onnotice: () => undefined })
  try {
    await sql`
      INSERT INTO transaction_keys
        (account_id, id, application_server, label, expiry_notices, has_default_notices, content_hash, created_at)
      SELECT accounts.id, gen_random_uuid(), 'https://server-' || n || '.example', 'Label ' || n,
        '{}', false, '', now() - make_interval(secs => ${count} - n)
      FROM accounts, generate_series(1, ${count}::integer) AS n WHERE accounts.name = ${owner}`
    await sql`
      INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
      SELECT account_id, transaction_keys.id, 'NOTIFY' FROM transaction_keys
      JOIN accounts ON accounts.id = account_id WHERE accounts.name = ${owner}`
  } finally {
    await sql.end({ timeout: 5 })
  }
}
