import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, test, vi } from 'vitest'
import { startTestServer } from '../../support/server.ts'
import { databasePoolSize, forgive, makeAccount, makeKey, overflowOf, useConsole } from './world.ts'

// A browser, a key server and its database on two cores.
vi.setConfig({ testTimeout: 180_000 })

const world = useConsole()

/** Every page of the menu, with its title in both languages. */
const pages = [
  ['/', 'Hello, ', 'Hallo, '],
  ['/keys', 'Keys', 'Schlüssel'],
  ['/alerts', 'Alerts', 'Meldungen'],
  ['/timeline', 'Timeline', 'Zeitplan'],
  ['/devices', 'Devices', 'Geräte'],
  ['/backup', 'Recovery & backup', 'Rettung & Sicherung'],
  ['/channels', 'Channels', 'Kanäle'],
  ['/webhooks', 'Webhooks', 'Webhooks'],
  ['/audit', 'Audit log', 'Protokoll'],
  ['/verify', 'Verify a key', 'Schlüssel prüfen'],
  ['/settings', 'Settings', 'Einstellungen'],
  ['/knowledge', 'What the server sees', 'Was der Server sieht'],
  ['/explorer', 'API explorer', 'API-Konsole'],
] as const

test('every page is without an axe violation, in both themes and both languages, and fits 360 pixels', async (context) => {
  const { page } = await world.open(context)
  await page.getByRole('heading', { name: 'Welcome' }).waitFor()
  expect(await violationsOf(page)).toEqual([])
  await makeAccount(page)
  await makeKey(page, { server: 'https://shop.example', label: 'Shop', maxUses: 3 })
  const keyPath = new URL(page.url()).pathname
  await page.getByLabel('Text to sign').waitFor()

  for (const [path, title] of [...pages, [keyPath, 'Shop']] as const) {
    await go(page, path)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    await checkAppearance(page, path)
  }

  await go(page, '/settings')
  await page.getByRole('radio', { name: 'Deutsch' }).click()
  for (const [path, , title] of pages) {
    await go(page, path)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    expect(await page.locator('html').getAttribute('lang')).toBe('de')
    await page.setViewportSize({ width: 360, height: 740 })
    expect(await overflowOf(page), `${path}, 360 px, in German`).toBe(0)
    await page.setViewportSize({ width: 1280, height: 800 })
  }
})

test('so are the pages that need no account', async (context) => {
  const { page } = await world.open(context)
  await page.getByRole('heading', { name: 'Welcome' }).waitFor()
  await checkAppearance(page, '/')
  for (const [path, title] of pages.filter(([path]) => path === '/verify' || path === '/explorer')) {
    await go(page, path)
    await page.getByRole('heading', { level: 1, name: title }).waitFor()
    await checkAppearance(page, path)
  }
})

test('axe finds what is wrong', async (context) => {
  const { page } = await world.open(context)
  await page.getByRole('heading', { name: 'Welcome' }).waitFor()
  await page.evaluate(() => document.querySelector('main')?.append(document.createElement('button')))
  expect(await violationsOf(page)).toEqual(['button-name: <button></button>'])
})

test('dialogs are without a violation, and the keyboard alone makes a key', async (context) => {
  const { page } = await world.open(context, '/')
  await makeAccount(page)
  await go(page, '/keys')
  await page.getByRole('button', { name: 'New key' }).first().focus()
  await page.keyboard.press('Enter')
  const form = page.getByRole('dialog')
  await form.waitFor()
  await settle(page)
  expect(await violationsOf(page)).toEqual([])
  // The first field has the focus; Enter sends the form.
  await page.keyboard.type('https://shop.example')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { level: 1, name: 'https://shop.example' }).waitFor()
  await page.getByRole('button', { name: 'Destroy' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('alertdialog').waitFor()
  await settle(page)
  expect(await violationsOf(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.getByRole('alertdialog').waitFor({ state: 'detached' })
})

test('the look, the density and the language are kept for the next visit', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  await go(page, '/settings')
  await page.getByRole('radio', { name: 'Dark' }).click()
  await page.getByRole('radio', { name: 'Compact' }).click()
  await page.getByRole('radio', { name: 'Deutsch' }).click()
  await page.reload()
  await page.getByRole('heading', { level: 1, name: 'Einstellungen' }).waitFor()
  const root = page.locator('html')
  expect(await root.getAttribute('data-theme')).toBe('dark')
  expect(await root.getAttribute('data-density')).toBe('compact')
  expect(await page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)).toBe(
    'rgb(16, 19, 23)',
  )
})

describe('what may run in the page', () => {
  test('is its own files, as they were built: one that was changed on the way does not run', async (context) => {
    const watched = await world.open(context)
    const { page } = watched
    await page.getByRole('heading', { name: 'Welcome' }).waitFor()
    await page.route('**/assets/*.js', async (route) => {
      try {
        const response = await route.fetch()
        await route.fulfill({ response, body: `${await response.text()}\n` })
      } catch {
        // The test has ended, and its browser profile with it.
      }
    })
    await page.reload()
    await expect.poll(() => watched.problems.length).toBeGreaterThan(0)
    expect(await page.getByRole('heading', { name: 'Welcome' }).count()).toBe(0)
    expect(watched.problems.join('\n')).toMatch(/integrity/)
    forgive(watched, /integrity/)
  })

  test('is no text that a script makes into code, and a violation is found', async (context) => {
    const watched = await world.open(context)
    const { page } = watched
    await page.getByRole('heading', { name: 'Welcome' }).waitFor()
    await page.evaluate(() => {
      const inline = document.createElement('script')
      try {
        inline.textContent = 'globalThis.ran = true'
        document.body.append(inline)
      } catch {
        // Trusted Types throw before the Content-Security-Policy has to block.
      }
    })
    expect(await page.evaluate(() => Reflect.get(globalThis, 'ran') === true)).toBe(false)
    await expect.poll(() => watched.problems.some((text) => text.startsWith('CSP: '))).toBe(true)
    forgive(watched, /^CSP: |Trusted ?(Types?|Script)|Content Security Policy/)
  })

  test('comes from nowhere else', async (context) => {
    const { page } = await world.open(context)
    const origins = new Set<string>()
    page.on('request', (request) => origins.add(new URL(request.url()).origin))
    await makeAccount(page)
    await makeKey(page, { server: 'https://shop.example' })
    expect([...origins]).toEqual([world.server.url])
  })
})

test('a page whose files do not come says so, and leaves the others alone', async (context) => {
  const watched = await world.open(context)
  const { page } = watched
  await page.route('**/assets/timeline-*.js', (route) => route.abort())
  await makeAccount(page)
  await go(page, '/timeline')
  await page.getByRole('heading', { name: 'This page could not be shown' }).waitFor()
  await go(page, '/devices')
  await page.getByRole('heading', { level: 1, name: 'Devices' }).waitFor()
  forgive(watched, /timeline|ERR_FAILED|dynamically imported/)
})

test('the first page needs less than 250 kB of script, compressed', async (context) => {
  const { page } = await world.open(context)
  await makeAccount(page)
  const sizes = new Map<string, number>()
  page.on('response', (response) => {
    const { 'content-type': type = '', 'content-length': length = '0' } = response.headers()
    if (type.startsWith('text/javascript')) sizes.set(response.url(), Number(length))
  })
  await page.reload()
  await page.getByRole('heading', { level: 1, name: /^Hello/ }).waitFor()
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  expect(sizes.size).toBeGreaterThan(2)
  expect(total).toBeGreaterThan(50_000)
  expect(total).toBeLessThan(250_000)
})

test('a console for viewing says so and why, and offers nothing that changes anything', async (context) => {
  const { page } = await world.open(context)
  const viewing = await startTestServer(world.server.databaseUrl, { console: 'viewer', databasePoolSize })
  context.onTestFinished(() => viewing.stop())
  await page.goto(`${viewing.url}/`)
  await page.getByText('For viewing only', { exact: true }).waitFor()
  await page.getByText('whoever runs it could change the page').waitFor()
  expect(await page.getByRole('button', { name: /Start here|another device|recovery phrase/ }).count()).toBe(
    0,
  )
  await page.getByRole('link', { name: 'Only check somebody’s key' }).click()
  await page.getByRole('heading', { name: 'Verify a key' }).waitFor()
})

/** Fails unless the page that is shown is without a violation in both themes, and fits 360 pixels. */
async function checkAppearance(page: Page, path: string): Promise<void> {
  await settle(page)
  expect(await violationsOf(page), `${path}, light`).toEqual([])
  await page.emulateMedia({ colorScheme: 'dark' })
  await settle(page)
  expect(await violationsOf(page, ['color-contrast']), `${path}, dark`).toEqual([])
  await page.emulateMedia({ colorScheme: 'light' })
  await page.setViewportSize({ width: 360, height: 740 })
  expect(await overflowOf(page), `${path}, 360 px`).toBe(0)
  await page.setViewportSize({ width: 1280, height: 800 })
}

/** Goes to a page as a link does, without loading the document anew. */
async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => {
    history.pushState(null, '', to)
    dispatchEvent(new PopStateEvent('popstate'))
  }, path)
}

/** Waits until nothing moves: a colour in the middle of a fade has another contrast. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() =>
    Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null))),
  )
}

/** The rules of axe that the page breaks, each with the first element that does. */
async function violationsOf(page: Page, rules?: readonly string[]): Promise<string[]> {
  const isThere = await page.evaluate(() => 'axe' in globalThis)
  if (!isThere) await page.evaluate(axe.source)
  // React Aria reads some texts out by reference, from an element that outlives what it refers to by some seconds.
  const within = JSON.stringify({ exclude: ['[data-live-announcer]'] })
  const options = JSON.stringify(rules === undefined ? {} : { runOnly: { type: 'rule', values: rules } })
  const { violations } = await page.evaluate<axe.AxeResults>(`axe.run(${within}, ${options})`)
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)
}
