import { describe, expect, onTestFinished, test } from 'vitest'
import { runInTurn, runPeriodically } from '../../../server/lib/jobs.ts'
import { createLoggerOn } from '../../../server/lib/log.ts'

function start(begin: (log: ReturnType<typeof createLoggerOn>) => () => Promise<void>) {
  const lines: string[] = []
  const stop = begin(createLoggerOn({ write: (line) => void lines.push(line) }, { level: 'error' }))
  onTestFinished(stop)
  return { lines, stop }
}

/** A job that notes when it begins and ends, and has more to do as often as told. */
function noting(notes: string[], name: string, { more = 0 } = {}) {
  let left = more
  const work = async () => {
    notes.push(`${name} begins`)
    await Promise.resolve()
    notes.push(`${name} ends`)
    return left-- > 0
  }
  return { name, work }
}

describe('jobs in turn', () => {
  test('run one after another, and those that have more to do again before the pause', async () => {
    const notes: string[] = []
    const jobs = [
      noting(notes, 'one'),
      noting(notes, 'two', { more: 2 }),
      noting(notes, 'three', { more: 1 }),
    ]
    start((log) => runInTurn(jobs, { everyMs: 60_000, log }))
    const order = ['one', 'two', 'three', 'two', 'three', 'two']
    await expect.poll(() => notes).toEqual(order.flatMap((name) => [`${name} begins`, `${name} ends`]))
  })

  test('run all again after the pause', async () => {
    const notes: string[] = []
    start((log) => runInTurn([noting(notes, 'one'), noting(notes, 'two')], { everyMs: 1, log }))
    await expect.poll(() => notes.filter((note) => note === 'two ends').length).toBeGreaterThan(2)
  })

  test('run sooner when one of them tells when there is more to do, and no later', async () => {
    const notes: string[] = []
    const telling = { name: 'telling', work: () => Promise.resolve(1) }
    start((log) => runInTurn([telling, noting(notes, 'soon')], { everyMs: 60_000, log }))
    await expect.poll(() => notes.filter((note) => note === 'soon ends').length).toBeGreaterThan(2)

    const patient = { name: 'patient', work: () => Promise.resolve(60_000) }
    start((log) => runInTurn([patient, noting(notes, 'late')], { everyMs: 1, log }))
    await expect.poll(() => notes.filter((note) => note === 'late ends').length).toBeGreaterThan(2)
  })

  test('a job that fails is logged by its name, and keeps the others from nothing', async () => {
    const notes: string[] = []
    const failing = { name: 'failing', work: () => Promise.reject(new Error('on purpose')) }
    const { lines } = start((log) => runInTurn([failing, noting(notes, 'next')], { everyMs: 60_000, log }))
    await expect.poll(() => notes).toContain('next ends')
    expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject([{ msg: 'failing failed' }])
  })

  test('stopping waits for the run under way, and begins no other', async () => {
    const notes: string[] = []
    const { promise, resolve } = Promise.withResolvers<boolean>()
    const waiting = { name: 'waiting', work: () => promise }
    const { stop } = start((log) => runInTurn([waiting, noting(notes, 'next')], { everyMs: 1, log }))
    let isStopped = false
    const stopped = stop().then(() => (isStopped = true))
    await Promise.resolve()
    expect(isStopped).toBe(false)
    resolve(true)
    await stopped
    expect(notes).toEqual([])
  })
})

test('a job begins after the time that it is given', async () => {
  const notes: string[] = []
  const begunAt = performance.now()
  start((log) =>
    runPeriodically(noting(notes, 'late').work, { name: 'late', everyMs: 1, firstAfterMs: 50, log }),
  )
  expect(notes).toEqual([])
  await expect.poll(() => notes.length).toBeGreaterThan(0)
  expect(performance.now() - begunAt).toBeGreaterThan(45)
})

test('a failure is a fault, unless it comes from outside: then it is a warning', async () => {
  const lines: string[] = []
  const log = createLoggerOn({ write: (line) => void lines.push(line) }, { level: 'warn' })
  const fail = (message: string) => () => Promise.reject(new Error(message))
  const isFromOutside = (error: unknown) => String(error).includes('away')
  const jobs = [
    { name: 'reading', work: fail('away') },
    { name: 'counting', work: fail('wrong') },
  ]
  onTestFinished(runInTurn(jobs, { everyMs: 60_000, log, isFromOutside }))
  await expect
    .poll(() => lines.map((line) => /"level":(\d+).*"msg":"(\w+) failed"/.exec(line)?.slice(1)))
    .toEqual([
      ['40', 'reading'],
      ['50', 'counting'],
    ])
})
