import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
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
    await symlink(join(root, 'client'), join(directory, 'node_modules', 'claviger'), 'dir')
    let text = program
    for (const [shown, real] of Object.entries(replacing)) text = text.replaceAll(shown, real)
    await writeFile(join(directory, 'program.mjs'), text)
    const running = run([...nodeArgs, 'program.mjs'], {}, { cwd: directory })
    return { code: await running.exited, output: running.output() }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * The links of a page, named from the project's root, that lead to no file or to no heading of one. Web addresses are not
 * looked at. `given` is read in place of what the page says.
 */
export async function brokenLinksOf(page: string, given?: string): Promise<string[]> {
  const text = given ?? (await readFile(join(root, page), 'utf8'))
  const broken: string[] = []
  for (const [, link = ''] of text.matchAll(/\]\((?!https?:)([^)]+)\)/g)) {
    const [file = '', anchor] = link.split('#')
    const target =
      file === '' ? text : await readFile(join(root, dirname(page), file), 'utf8').catch(() => null)
    if (target === null || (anchor !== undefined && !anchorsOf(target).has(anchor))) broken.push(link)
  }
  return broken
}

/** As GitHub makes them of headings. */
function anchorsOf(text: string): ReadonlySet<string> {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) => title)
  return new Set(
    titles.map((title) =>
      title
        .toLowerCase()
        .replaceAll(/[^\w -]/g, '')
        .replaceAll(' ', '-'),
    ),
  )
}
