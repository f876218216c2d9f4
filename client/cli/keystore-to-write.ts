import { existsSync } from 'node:fs'
import { askingKeystore, type AskingKeystore } from './asking-keystore.ts'
import type { Context } from './context.ts'
import { readTextFile } from './text-file.ts'

/**
 * The keystore to write. With a passphrase when one was asked for, and when the file that is there has one: what is
 * plain is not encrypted unasked, and the other way round.
 */
export async function keystoreToWrite(
  { passphrase = false }: { readonly passphrase?: boolean },
  { keystorePath: path, passphraseFile: file }: Pick<Context, 'keystorePath' | 'passphraseFile'>,
): Promise<AskingKeystore & { readonly isEncrypted: boolean }> {
  const isNew = !existsSync(path)
  const hasPassphrase = passphrase || file !== undefined || (!isNew && (await isEncrypted(path)))
  return { ...askingKeystore({ path, file, isNew, asks: hasPassphrase }), isEncrypted: hasPassphrase }
}

/** A keystore is JSON, or a JWE around it. When it cannot be read, opening the keystore tells why. */
async function isEncrypted(path: string): Promise<boolean> {
  const text = await readTextFile(path).catch(() => '{')
  return /^\s*[\w-]+(\.[\w-]*){4}\s*$/.test(text)
}
