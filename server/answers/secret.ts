import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Config } from '../config.ts'
import { defaultDataDirectory } from '../database/embedded/index.ts'
import { readOrCreateSecret } from '../secret-file.ts'

/**
 * The secret that seals the key server's private keys in the database.
 *
 * The operator's SERVER_KEY_SECRET goes first. Without it a file in the data directory holds a random one, which is
 * made on first need; but not in production with a database elsewhere, where the next machine would not have the file.
 * Call it when the data directory is ready.
 *
 * @throws Error in words when there is none
 */
export async function findServerKeySecret(
  config: Pick<Config, 'serverKeySecret' | 'databaseUrl' | 'dataDirectory' | 'isDevelopment'>,
): Promise<string> {
  if (config.serverKeySecret !== null) return config.serverKeySecret
  if (config.databaseUrl !== null && !config.isDevelopment) {
    throw new Error(
      'In production with DATABASE_URL, SERVER_KEY_SECRET must be set, and to the same for every server on that ' +
        'database: it seals the key that signs answers. Make one with "openssl rand -base64 32", and keep it apart ' +
        'from the database and its backups.',
    )
  }
  const directory = resolve(config.dataDirectory ?? defaultDataDirectory())
  await mkdir(directory, { recursive: true, mode: 0o700 })
  return readOrCreateSecret(join(directory, 'server-key-secret'))
}

const charactersMin = 32
const distinctCharactersMin = 8

/**
 * Whether a text can be such a secret: it is used as it is, without the slow hashing that passwords need, so it must be
 * random. 32 bytes in base64 or hexadecimal pass; what people make up and repeat does not.
 */
export function isServerKeySecret(text: string): boolean {
  return text.length >= charactersMin && new Set(text).size >= distinctCharactersMin
}

export const serverKeySecretRule = `must be ${String(charactersMin)} or more random characters, for instance from "openssl rand -base64 32"`
