import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { findPostmaster } from '../../../server/database/embedded/postmaster.ts'

const lines = [String(process.pid), '/data', '1764300000', '5433', '/sockets', '127.0.0.1', '1 2', 'ready']

test.each([
  { written: 1, port: undefined, host: undefined },
  { written: 5, port: 5433, host: undefined },
  { written: 6, port: 5433, host: '127.0.0.1' },
  { written: 8, port: 5433, host: '127.0.0.1' },
])('a postmaster.pid with $written lines so far names what they name', async ({ written, port, host }) => {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-postmaster-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const text = lines.slice(0, written).map((line) => `${line}\n`)
  await writeFile(join(directory, 'postmaster.pid'), text.join(''))
  expect(await findPostmaster(directory)).toMatchObject({ port, host, isReady: written === 8 })
})
