import { createHash } from 'node:crypto'
import { writtenPassword } from '../database/address.ts'

/**
 * The secret that seals the key server's private keys in the database.
 *
 * The operator's SERVER_KEY_SECRET comes first. Without it, the secret is derived from the password in the database's URL,
 * which every server on the database has and which no dump of it contains. The embedded database has a random password.
 * With a URL without a password, anybody who reads the database can open the keys.
 */
export function serverKeySecretOf({
  serverKeySecret,
  databaseUrl,
}: {
  readonly serverKeySecret: string | null
  readonly databaseUrl: string
}): string {
  if (serverKeySecret !== null) return serverKeySecret
  return createHash('sha256')
    .update(`claviger server key secret\n${writtenPassword(databaseUrl)}`)
    .digest('base64url')
}

const charactersMin = 32
const distinctCharactersMin = 8

/**
 * Whether a string can be such a secret. It is used without the slow hashing that passwords need, so it must be random:
 * 32 bytes in base64 or hexadecimal pass, and words that people make up and repeat do not.
 */
export function isServerKeySecret(text: string): boolean {
  return text.length >= charactersMin && new Set(text).size >= distinctCharactersMin
}

export const serverKeySecretRule = `must be ${String(charactersMin)} or more random characters, for instance from "openssl rand -base64 32"`
