import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './processes.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** The code blocks of a page that are in this language, in order. */
export function codeBlocksOf(page: string, language: string): string[] {
  return [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
    ([, code = '']) => code,
  )
}

/**
 * Runs a program as whoever has installed the package does: in a directory of its own, where `claviger` is a dependency.
 * `replacing` says what in it is to be read as something else, such as addresses.
 */
export async function runInstalled(
  program: string,
  {
    replacing = {},
    nodeArgs = [],
  }: { readonly replacing?: Readonly<Record<string, string>>; readonly nodeArgs?: readonly string[] } = {},
): Promise<{ readonly code: number | null; readonly output: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'claviger-installed-'))
  try {
    await mkdir(join(directory, 'node_modules'))
    await symlink(root, join(directory, 'node_modules', 'claviger'), 'dir')
    let text = program
    for (const [shown, real] of Object.entries(replacing)) text = text.replaceAll(shown, real)
    await writeFile(join(directory, 'program.mjs'), text)
    const running = run([...nodeArgs, 'program.mjs'], {}, { cwd: directory })
    return { code: await running.exited, output: running.output() }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
