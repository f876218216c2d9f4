import { execFile } from 'node:child_process'
import { chmod, chown, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPrivateFile } from '../../client/node/private-file.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'claviger-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

async function write(name: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, 'secret', { mode: 0o600 })
  return path
}

describe.skipIf(process.platform === 'win32')('a private file', () => {
  test('of mode 0600 is read, and one that is not there is null', async () => {
    expect(await readPrivateFile(await write('own'))).toBe('secret')
    expect(await readPrivateFile(join(directory, 'none'))).toBeNull()
  })

  test('that others may read is refused', async () => {
    const path = await write('open')
    await chmod(path, 0o640)
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: 'KEYSTORE_EXPOSED' })
  })

  test('is no symbolic link', async () => {
    const path = join(directory, 'link')
    await symlink(await write('target'), path)
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
  })

  test('is no directory, and no pipe, which would be waited for', async () => {
    await chmod(directory, 0o700)
    await expect(readPrivateFile(directory)).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
    const pipe = join(directory, 'pipe')
    await promisify(execFile)('mkfifo', ['-m', '600', pipe])
    await expect(readPrivateFile(pipe)).rejects.toMatchObject({ code: 'KEYSTORE_UNREADABLE' })
  })

  // Only root can give a file away.
  test.skipIf(process.getuid?.() !== 0)('of another user is refused', async () => {
    const path = await write('foreign')
    await chown(path, 12_345, 12_345)
    await expect(readPrivateFile(path)).rejects.toMatchObject({ code: 'KEYSTORE_EXPOSED' })
  })
})
