import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createConsoleEndpoint } from '../../../server/http/console.ts'
import type { ConsoleMode } from '../../../server/key-server-options.ts'

/* The key server's answers for the console's files; test/client/console has them in a browser. */

const importMap = '{"integrity":{}}'
const page = `<meta name="claviger-console" content="hosted" /><script type="importmap">${importMap}</script>`
const html = { headers: { accept: 'text/html,*/*' } }
const servers: Server[] = []
let directory: string
let url: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-console-'))
  await mkdir(join(directory, 'assets'))
  await writeFile(join(directory, 'index.html'), page)
  await writeFile(join(directory, 'assets', 'index-1a2b.js'), 'export const a = 1\n'.repeat(100))
  await writeFile(join(directory, 'secret.txt'), 'not of a known kind')
  url = await serve('full')
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(directory, { recursive: true })
})

async function serve(mode: ConsoleMode): Promise<string> {
  const endpoint = await createConsoleEndpoint({ mode, directory })
  if (endpoint === null) throw new TypeError('There is a console.')
  const server = createServer(endpoint)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`
}

describe('the page', () => {
  test('is asked for each time, and answered with 304 while it is the same', async () => {
    const response = await fetch(url)
    expect(response.headers.get('cache-control')).toBe('no-cache')
    const headers = { 'if-none-match': response.headers.get('etag') ?? '' }
    expect((await fetch(url, { headers })).status).toBe(304)
  })

  test('runs nothing but the own files and the import map, and turns no text into code', async () => {
    const response = await fetch(url)
    const policy = response.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self';/)
    for (const rule of ["connect-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"]) {
      expect(policy).toContain(rule)
    }
    expect(policy).toContain("require-trusted-types-for 'script'")
    expect(policy).not.toContain('unsafe')
    expect(response.headers.get('referrer-policy')).toBe('no-referrer')
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
  })

  test('says which mode it is in', async () => {
    expect(await (await fetch(url)).text()).toContain('name="claviger-console" content="full"')
    expect(await (await fetch(await serve('viewer'))).text()).toContain('content="viewer"')
  })

  test('stands behind each of its paths for a browser, and behind none for a program', async () => {
    expect((await fetch(`${url}/keys/1`, html)).headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect((await fetch(`${url}/keys/1`)).status).toBe(404)
    expect((await fetch(`${url}/assets/gone.js`, html)).status).toBe(404)
  })
})

test('a file with its hash in its name may be kept for ever, and is compressed for who takes that', async () => {
  const response = await fetch(`${url}/assets/index-1a2b.js`)
  expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(response.headers.get('content-encoding')).toBe('gzip')
  expect(response.headers.get('vary')).toBe('Accept-Encoding')
  expect(await response.text()).toBe('export const a = 1\n'.repeat(100))
  const plain = await fetch(`${url}/assets/index-1a2b.js`, { headers: { 'accept-encoding': 'identity' } })
  expect(plain.headers.get('content-encoding')).toBeNull()
})

test('nothing else can be read, and nothing is written', async () => {
  for (const path of [
    '/secret.txt',
    '/../package.json',
    '/%2e%2e/package.json',
    '/assets/',
    '/constructor',
  ]) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(404)
  }
  const posted = await fetch(url, { method: 'POST', body: '{}' })
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  const head = await fetch(url, { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
})

test('there is no console where it is off, or was not built', async () => {
  expect(await createConsoleEndpoint({ mode: 'off', directory })).toBeNull()
  expect(await createConsoleEndpoint({ mode: 'full', directory: join(directory, 'none') })).toBeNull()
})
