import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { run, type TestProcess } from '../support/processes.ts'
import { freePort } from '../support/server.ts'
import { useWorld } from '../support/world.ts'

/* Three processes, as in life: a key server, the application server of the examples, and a client. */

const clientProgram = fileURLToPath(new URL('../client/verifier/client-process.js', import.meta.url))
const example = 'examples/verified-application-server.js'

const keyServer = useWorld()
let applicationServer: TestProcess
let shop: string
beforeAll(async () => {
  shop = `http://localhost:${String(await freePort())}`
  applicationServer = run([example, keyServer.url, shop])
  await applicationServer.says(`The shop is open at ${shop}`)
}, 60_000)
afterAll(async () => {
  await applicationServer.stop()
})

test('the application server of the examples welcomes who signs with vault.signer, and nobody else', async () => {
  const client = run([clientProgram, keyServer.url, shop])
  expect(await client.exited, client.output()).toBe(0)
  const [welcome, refusal] = client.output().split('\n').filter(Boolean)
  expect(welcome).toMatch(/^Welcome, alice-\d+\.$/)
  expect(JSON.parse(refusal ?? '')).toMatchObject({ error: { code: 'SIGNATURE_REQUIRED' } })
})

test('the application server of the examples has at most 10 lines of code, and docs/verifier.md shows it', async () => {
  const code = await readFile(new URL(`../../${example}`, import.meta.url), 'utf8')
  const lines = code.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('//'))
  expect(lines.length).toBeLessThanOrEqual(10)
  expect(await readFile(new URL('../../docs/verifier.md', import.meta.url), 'utf8')).toContain(code)
})
