import { expect, test } from 'vitest'
import { pickText, succeed, useWorld } from '../../support/operations.ts'

const world = useWorld()

test("the key server tells its version and the database's time to anybody", async () => {
  const data = await succeed(world.url, null, { query: '{ keyServer { version time } }' })
  expect(pickText(data, 'keyServer', 'version')).toMatch(/^\d+\.\d+\.\d+/)
  const time = pickText(data, 'keyServer', 'time')
  expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(5_000)
})

test('the key server tells the origins that requests are signed for to anybody', async () => {
  const data = await succeed(world.url, null, { query: '{ keyServer { origins } }' })
  expect(data).toEqual({ keyServer: { origins: world.origins } })
})

test('an answer is kept by no cache', async () => {
  const response = await fetch(`${world.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"query":"{ keyServer { version } }"}',
  })
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
})
