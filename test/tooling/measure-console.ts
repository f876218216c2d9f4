/*
 * `npm run bench:console`: how quickly the console shows and handles 10,000 keys, in a real Chromium. Times end with
 * the next frame, so a moment's work has that of a frame, 17 ms.
 */
import type { Page } from 'playwright-core'
import { describeLatencies, percentile, print } from '../../bench/support/figures.ts'
import { openPage } from '../support/browser.ts'
import { fillAccountKeys } from '../support/fill-account-keys.ts'
import { withConsole, type OwnConsole } from './with-console.ts'

const count = 10_000
const visits = 5

await withConsole(async ({ url, browser, database }) => {
  const { page } = await openPage(browser)
  await measure(page, { url, database })
})

async function measure(page: Page, { url, database }: Pick<OwnConsole, 'url' | 'database'>): Promise<void> {
  await page.goto(url)
  await page.getByRole('button', { name: /^Start here/ }).click()
  await page.getByLabel('Your user name').fill('anna')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('button', { name: 'Later' }).click()
  await page.getByRole('heading', { name: 'Hello, anna' }).waitFor()
  await fillAccountKeys(database.sql, { owner: 'anna', count })
  const loads: number[] = []
  const actions: Actions[] = []
  for (let visit = 1; visit <= visits; visit += 1) {
    await page.goto(`${url}/keys`)
    await page.getByRole('link', { name: `Label ${String(count)}`, exact: true }).waitFor()
    loads.push(await page.evaluate(() => performance.now()))
    await page.waitForLoadState('networkidle')
    actions.push(await act(page))
  }
  const all = (name: keyof Actions) => actions.flatMap((each) => each[name])
  print(`From the address to the first rows of ${count.toLocaleString('en')}: ${describeLatencies(loads)}`)
  print(`Selecting a row: ${describeLatencies(all('select'))}`)
  print(`Opening a row's dialog: ${describeLatencies(all('ask'))}`)
  print(`Scrolling by five rows: ${describeLatencies(all('scroll'))}`)
  print(`Jumping to a place in the list: ${describeLatencies(all('jump'))}`)
  print(`Rows in the document: ${String(percentile(all('rows'), 1))}`)
}

/** Times in milliseconds, and numbers of rows. */
interface Actions {
  readonly select: number[]
  readonly ask: number[]
  readonly scroll: number[]
  readonly jump: number[]
  readonly rows: number[]
}

function act(page: Page): Promise<Actions> {
  return page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)))
    const timed = async (work: () => void, isOver = () => true) => {
      const startedAt = performance.now()
      work()
      do await frame()
      while (!isOver())
      return performance.now() - startedAt
    }
    const each = async (times: number, work: (step: number) => Promise<number>) => {
      const took: number[] = []
      for (let step = 0; step < times; step += 1) took.push(await work(step))
      return took
    }
    const press = (selector: string, step: number) =>
      document.querySelectorAll<HTMLElement>(`[data-index] ${selector}`)[step]?.click()
    const isAsked = () => document.querySelector('[role="alertdialog"]') !== null
    const close = () => document.querySelector<HTMLElement>('[role="alertdialog"] button')?.click()

    const select = await each(10, (step) => timed(() => press('input[type="checkbox"]', step)))
    const ask = await each(5, async (step) => {
      const took = await timed(() => press('button', step), isAsked)
      await timed(close, () => !isAsked())
      return took
    })
    const scroll = await each(60, () => timed(() => scrollBy(0, 300)))
    const rows = [document.querySelectorAll('[data-index]').length]
    const height = document.documentElement.scrollHeight
    const jump = await each(20, (step) => timed(() => scrollTo(0, (height * step) / 20)))
    return { select, ask, scroll, jump, rows }
  })
}
