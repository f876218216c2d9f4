import { Option, type Command } from 'commander'
import { constants } from 'node:fs'
import { access, lstat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { VaultError, type AcquiredKey } from '../../index.ts'
import { writePrivateFile } from '../../node/private-file.ts'
import type { Context } from '../context.ts'
import { CliError, systemCodeOf } from '../errors.ts'
import { rows, usesText } from '../key-text.ts'

interface GetFlags {
  readonly out?: string
  readonly reveal?: boolean
}

/** `claviger key get`: the only command that lets a secret out, and only when told where to. */
export function addKeyGetCommand(key: Command, context: Context): void {
  key
    .command('get')
    .argument(
      '<id-or-application-server>',
      "a key's id, or the application server whose newest active key it is",
    )
    .description('acquire a key, open it and check it; this counts as one use')
    .option('--out <file>', 'write the secret key, a JWK, to a new file that only you can read')
    .addOption(new Option('--reveal', 'print the secret key, a JWK, to stdout').conflicts('out'))
    .addHelpText(
      'after',
      `
Without --out or --reveal the secret is not shown.

Examples:
  $ claviger key get https://shop.example --out shop.jwk
  $ claviger key get ID --reveal | my-signer --key /dev/stdin`,
    )
    .action(async (which: string, { out, reveal = false }: GetFlags) => {
      const path = out === undefined ? null : resolve(out)
      const vault = await context.openVault()
      // Before a use is counted.
      if (path !== null) await assertWritable(path)
      const isExtractable = path !== null || reveal
      const acquired = await vault.acquire(isUuid(which) ? { id: which } : which, {
        extractable: isExtractable,
      })
      const secretKey = isExtractable ? await secretJwk(acquired) : null
      if (path !== null) await write(path, secretKey)
      report(acquired, { path, secretKey: reveal ? secretKey : null, context })
    })
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

function isUuid(text: string): boolean {
  return uuid.test(text)
}

type SecretJwk = Readonly<Record<string, string>>

/** The members that make the key, and its id as `kid`; not WebCrypto's `ext` and `key_ops`, which bind the next import. */
async function secretJwk({ id, cryptoKey }: AcquiredKey): Promise<SecretJwk> {
  const exported = new Map(Object.entries(await crypto.subtle.exportKey('jwk', cryptoKey)))
  const jwk: Record<string, string> = {}
  for (const name of ['kty', 'crv', 'x', 'y', 'd', 'k']) {
    const member: unknown = exported.get(name)
    if (typeof member === 'string') jwk[name] = member
  }
  return { ...jwk, kid: id }
}

function report(
  { id, applicationServer, algorithm, publicKey, thumbprint, description }: AcquiredKey,
  { path, secretKey, context }: { path: string | null; secretKey: SecretJwk | null; context: Context },
): void {
  const { output } = context
  const { useCount, maxUses } = description
  const lines = rows([
    ['Acquired', id],
    ['Application server', applicationServer],
    ['Algorithm', algorithm],
    ['Public key', publicKey === null ? null : JSON.stringify(publicKey)],
    ['Uses', usesText(description)],
    ['Written to', path],
  ])
  // The key alone goes to stdout, so that it can be piped.
  if (secretKey !== null) output.note(lines.join('\n'))
  output.result(
    {
      id,
      applicationServer,
      algorithm,
      publicKey,
      thumbprint,
      useCount,
      maxUses,
      ...(path !== null && { file: path }),
      ...(secretKey !== null && { secretKey }),
    },
    secretKey === null ? lines : [JSON.stringify(secretKey)],
  )
}

async function assertWritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK)
  } catch (error) {
    throw unwritable(path, error)
  }
  // lstat: a symbolic link to nowhere is a file too.
  const isThere = await lstat(path).then(
    () => true,
    () => false,
  )
  if (isThere) throw exists(path)
}

async function write(path: string, jwk: SecretJwk | null): Promise<void> {
  try {
    await writePrivateFile(path, { text: `${JSON.stringify(jwk, null, 2)}\n`, isReplacing: false })
  } catch (error) {
    if (error instanceof VaultError && error.code === 'KEYSTORE_OCCUPIED') throw exists(path)
    throw unwritable(path, error)
  }
}

function exists(path: string): CliError {
  return new CliError('FILE_EXISTS', `The file ${path} is already there, and is not overwritten.`, {
    hint: 'Name another file, or remove that one.',
  })
}

function unwritable(path: string, error: unknown): CliError {
  const code = systemCodeOf(error) ?? 'unknown'
  return new CliError('FILE_UNWRITABLE', `The file ${path} cannot be written (${code}).`)
}
