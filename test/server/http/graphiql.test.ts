import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { useWorld } from '../../support/world.ts'

const world = useWorld({ isDevelopment: true })

async function get(path: string, headers: Record<string, string> = {}) {
  const response = await fetch(new URL(path, world.url), { headers, signal: AbortSignal.timeout(10_000) })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const openPage = () => get('/graphql', { accept: 'text/html' })

test('GraphiQL comes from this server alone, and its policy allows no other', async () => {
  const page = await openPage()
  expect(page.status).toBe(200)
  const sources = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source = '']) => source)
  expect(sources).toHaveLength(3)
  for (const source of sources.filter((one) => !one.startsWith('data:'))) {
    expect(source).toMatch(/^\/graphql\/graphiql\//)
    const file = await get(source)
    expect(file.status, source).toBe(200)
    expect(file.headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/)
  }
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).not.toMatch(/https?:|\*|unsafe-eval|script-src[^;]*unsafe/)
})

test('its workers are there, packed and not', async () => {
  for (const name of ['editor', 'json', 'graphql']) {
    const packed = await get(`/graphql/graphiql/${name}.js`)
    const plain = await get(`/graphql/graphiql/${name}.js`, { 'accept-encoding': 'identity' })
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(packed.text).toBe(plain.text)
    expect(plain.text.length).toBeGreaterThan(1000)
  }
})

const browser = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find((path) => existsSync(path))

test('a browser shows it with nothing blocked, and without another host being asked', async ({ skip }) => {
  if (browser === undefined) return skip('no Chromium on this machine')
  const profile = await mkdtemp(join(tmpdir(), 'graphiql-'))
  try {
    const { stdout, stderr } = await promisify(execFile)(
      browser,
      [
        '--headless=new',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-background-networking',
        '--disable-component-update',
        // Whatever is not on this machine does not resolve.
        '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
        '--enable-logging=stderr',
        `--user-data-dir=${profile}`,
        '--virtual-time-budget=15000',
        '--dump-dom',
        `${world.url}/graphql`,
      ],
      { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
    )
    expect(stdout).toContain('graphiql-query-editor')
    // The query that it begins with, in the editor.
    expect(stdout).toContain('keyServer')
    const console = stderr.split('\n').filter((line) => line.includes('CONSOLE'))
    expect(console.filter((line) => /Content Security Policy|Refused|Failed to load/.test(line))).toEqual([])
  } finally {
    await rm(profile, { recursive: true, force: true, maxRetries: 5 })
  }
}, 70_000)
