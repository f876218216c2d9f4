import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Heartbeats } from '../../../server/ws/heartbeats.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const everyMs = 24_000

class FakeSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 1
  pings = 0
  readonly #answers: boolean
  constructor(answers: boolean) {
    super()
    this.#answers = answers
  }
  ping(payload: Buffer) {
    this.pings += 1
    if (this.#answers) this.emit('pong', Buffer.from(payload))
  }
  terminate() {
    this.readyState = 3
    this.emit('close')
  }
}

function watch(count: number, { answers }: { readonly answers: boolean }): FakeSocket[] {
  const heartbeats = new Heartbeats({ everyMs })
  return Array.from({ length: count }, () => {
    const socket = new FakeSocket(answers)
    heartbeats.watch(socket as never, () => undefined)
    return socket
  })
}

test('sockets that answer are pinged once in a period each, and never many at a time', () => {
  const sockets = watch(100, { answers: true })
  const pings = () => sockets.reduce((sum, socket) => sum + socket.pings, 0)
  for (let beat = 1; beat <= 48; beat++) {
    const before = pings()
    vi.advanceTimersByTime(everyMs / 24)
    expect(pings() - before).toBeLessThanOrEqual(5)
  }
  expect(sockets.map((socket) => socket.pings)).toEqual(sockets.map(() => 2))
})

test('sockets that do not answer are ended by their next ping, and then nothing is left to do', () => {
  const sockets = watch(50, { answers: false })
  vi.advanceTimersByTime(everyMs)
  expect(sockets.every(({ readyState, pings }) => readyState === 1 && pings === 1)).toBe(true)
  vi.advanceTimersByTime(everyMs)
  expect(sockets.some(({ readyState }) => readyState === 1)).toBe(false)
  expect(vi.getTimerCount()).toBe(0)
})
