import { existsSync } from 'node:fs'
import type { Keystore } from '../index.ts'
import { fileKeystore } from '../node/index.ts'
import { readable, type Context } from './context.ts'
import { readPassphrase } from './passphrase.ts'
import { readTextFile } from './text-file.ts'

/**
 * The keystore to write. With a passphrase when one was asked for, and when the file that is there has one: what is
 * plain is not encrypted unasked, and the other way round.
 */
export async function keystoreToWrite(
  { passphrase = false }: { readonly passphrase?: boolean },
  { keystorePath: path, passphraseFile: file }: Pick<Context, 'keystorePath' | 'passphraseFile'>,
): Promise<Keystore & { readonly isEncrypted: boolean }> {
  const isNew = !existsSync(path)
  const hasPassphrase = passphrase || file !== undefined || (!isNew && (await isEncrypted(path)))
  const ask = () => readPassphrase({ file, isNew })
  const keystore = readable(fileKeystore({ path, passphrase: hasPassphrase ? ask : undefined }))
  return { ...keystore, isEncrypted: hasPassphrase }
}

/** A keystore is JSON, or a JWE around it. Of one that can not be read, the keystore itself tells why. */
async function isEncrypted(path: string): Promise<boolean> {
  const text = await readTextFile(path).catch(() => '{')
  return /^\s*[\w-]+(\.[\w-]*){4}\s*$/.test(text)
}
