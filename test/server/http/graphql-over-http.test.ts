import { serverAudits } from 'graphql-http'
import { expect, test } from 'vitest'
import { useWorld } from '../../support/operations.ts'

const world = useWorld()

/** Audits that the specification leaves open, and why the answer differs. Everything else has to be met. */
const declined = new Map([
  ['5A70', 'No GET: a signature covers a body, and what a URL says ends in logs.'],
  ['D6D5', 'No GET, as above.'],
  ['6A70', 'No GET, as above.'],
])

const audits = serverAudits({ url: () => `${world.url}/graphql` })
/** The audits of an operation that is executed from a plan: each request is sent more often than that takes. */
const knownAudits = serverAudits({
  url: () => `${world.url}/graphql`,
  fetchFn: async (url: string, init: RequestInit) => {
    for (let time = 0; time < 5; time++) await (await fetch(url, init)).text()
    return fetch(url, init)
  },
})

test.for([
  ...audits.map(({ id, name, fn }) => ({ id, name, fn })),
  ...knownAudits.map(({ id, name, fn }) => ({ id, name: `${name}, often`, fn })),
])('$id $name', async ({ id, fn }) => {
  const result = await fn()
  if (declined.has(id)) {
    expect(result.status).toBe('notice')
  } else {
    expect(result).toMatchObject({ status: 'ok' })
  }
})

test('what is declined is optional, and is still asked', () => {
  for (const id of declined.keys()) {
    expect(audits.find((audit) => audit.id === id)?.name).toMatch(/^MAY /)
  }
})

test('an audit that is not met is found', async () => {
  const [audit] = serverAudits({ url: () => `${world.url}/nothing` })
  expect((await audit?.fn())?.status).not.toBe('ok')
})
