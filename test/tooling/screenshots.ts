/* `npm run screenshots`: the pictures of the console in docs/images, of a key server that is made and filled for them. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { verifyPublicKey } from '../../client/index.ts'
import { openPage } from '../support/browser.ts'
import { withConsole } from './with-console.ts'

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url))
const desktop = { width: 1280, height: 800 }
const phone = { width: 390, height: 800 }

const keys = [
  { server: 'https://wiki.example', label: 'Wiki', term: '1 year', maxUses: '', uses: 1 },
  { server: 'https://ci.example', label: 'Deploy signing', term: 'No end', maxUses: '5', uses: 4 },
  { server: 'https://mail.example', label: 'Mail archive', term: '30 days', maxUses: '2', uses: 3 },
  { server: 'https://bank.example', label: 'Bank', term: '90 days', maxUses: '', uses: 0 },
  { server: 'https://shop.example', label: 'Shop', term: '1 year', maxUses: '10', uses: 3 },
] as const

await withConsole(async ({ url, browser }) => {
  await mkdir(images, { recursive: true })
  await takeAll(browser, url)
})

async function takeAll(on: Browser, url: string): Promise<void> {
  const { page } = await openPage(on, { viewport: desktop, deviceScaleFactor: 1.5 })
  const take = (name: string) => save(on, page, name)
  const go = async (path: string) => {
    await page.goto(`${url}${path}`)
    await page.locator('[data-connection="live"]').first().waitFor({ state: 'attached' })
    await page.waitForLoadState('networkidle')
  }
  await page.goto(url)
  await page.getByRole('heading', { name: 'Welcome' }).waitFor()
  await take('welcome')
  await page.getByRole('button', { name: /^Start here/ }).click()
  await page.getByLabel('Your user name').fill('anna')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Later' }).waitFor()
  await take('recovery-phrase')
  await page.getByRole('button', { name: 'Later' }).click()
  for (const key of keys) await makeKey(page, { ...key, go })
  const stranger = { kty: 'OKP', crv: 'Ed25519', x: 'ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ' }
  await verifyPublicKey({
    url,
    owner: 'anna',
    applicationServer: 'https://shop.example',
    publicKey: stranger,
  })
  await go('/')
  await take('overview')
  await go('/keys')
  await take('keys')
  await go('/audit')
  await page.getByRole('button', { name: 'Verify chain' }).click()
  await page.getByText(/^Intact/).waitFor()
  await take('audit')
  await go('/explorer')
  await explore(page)
  await take('explorer')
  await go('/keys')
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.getByRole('link', { name: 'Shop', exact: true }).click()
  await page.getByText('Signs (Ed25519)').waitFor()
  await page.waitForLoadState('networkidle')
  await take('key-dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize(phone)
  await go('/keys')
  await take('keys-phone')
  await pair(on, page, url)
}

/** In the middle of writing a document, with the schema beside it. */
async function explore(page: Page): Promise<void> {
  await page.getByRole('textbox', { name: 'Document', exact: true }).click()
  await page.getByRole('button', { name: 'Run' }).click()
  await page.getByText('Done', { exact: true }).waitFor()
  await page.getByRole('textbox', { name: 'Document', exact: true }).click()
  await page.keyboard.press('Control+Home')
  for (let line = 1; line <= 6; line += 1) await page.keyboard.press('ArrowDown')
  await page.keyboard.press('End')
  await page.keyboard.press('Enter')
  await page.keyboard.type('edges { node { u')
  await page.getByRole('option', { name: 'useCount' }).waitFor()
}

/** Both screens while a second device is added. */
async function pair(on: Browser, first: Page, url: string): Promise<void> {
  const { page } = await openPage(on, { viewport: desktop, deviceScaleFactor: 1.5 })
  await page.goto(url)
  await page.getByRole('button', { name: /^I have another device/ }).click()
  await page.getByLabel('Your user name').fill('anna')
  await page.getByRole('button', { name: 'Continue' }).click()
  const code = await page.getByRole('region', { name: 'Pairing code' }).textContent()
  await save(on, page, 'second-device')
  await first.goto(`${url}/devices/approve#${code ?? ''}`)
  await first.getByText('Does the new device show the same words?').waitFor()
  await save(on, first, 'approve-phone')
}

async function makeKey(
  page: Page,
  {
    server: name,
    label,
    term,
    maxUses,
    uses,
    go,
  }: (typeof keys)[number] & { go: (path: string) => Promise<void> },
): Promise<void> {
  await go('/keys?new')
  const form = page.getByRole('dialog')
  await form.getByLabel('Application server').fill(name)
  await form.getByLabel(/^Label/).fill(label)
  await form.getByRole('radio', { name: term }).click()
  await form.getByLabel(/^Most uses/).fill(maxUses)
  await form.getByRole('button', { name: 'Create the key' }).click()
  await page.getByRole('heading', { level: 1, name: label }).waitFor()
  for (let use = 1; use <= uses; use += 1) {
    await page.getByLabel('Text to sign').fill('One coffee, please.')
    const acquired = page.waitForResponse(
      (response) => response.request().postData()?.includes('WrappedKey') ?? false,
    )
    await page.getByRole('button', { name: 'Sign', exact: true }).click()
    await acquired
    await page.getByRole('region', { name: 'Signature (base64url)' }).waitFor()
  }
}

/** As WebP, which Chromium writes itself: a sixth of a PNG. */
async function save(on: Browser, page: Page, name: string): Promise<void> {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  )
  const png = (await page.screenshot()).toString('base64')
  const converter = await on.newPage()
  const webp = await converter.evaluate(async (base64) => {
    const image = new Image()
    image.src = `data:image/png;base64,${base64}`
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = image.width
    canvas.height = image.height
    canvas.getContext('2d')?.drawImage(image, 0, 0)
    return canvas.toDataURL('image/webp', 0.82)
  }, png)
  await converter.close()
  await writeFile(join(images, `${name}.webp`), Buffer.from(webp.split(',')[1] ?? '', 'base64'))
}
