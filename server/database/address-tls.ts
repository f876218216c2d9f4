import { readFileSync } from 'node:fs'
import type { ConnectionOptions } from 'node:tls'
import { InvalidAddress } from './invalid-address.ts'

/** No TLS, TLS where the server has it, or always and under these conditions. */
export type DatabaseTls = false | 'prefer' | ConnectionOptions

/**
 * Reads `sslmode` and what goes with it, as libpq does (PostgreSQL's documentation, "SSL Support").
 *
 * @throws {InvalidAddress} in words, with the path of a file that cannot be read
 */
export function readTls(take: (name: string) => string | undefined): DatabaseTls {
  const negotiation = take('sslnegotiation')
  if (negotiation !== undefined && negotiation !== 'postgres') {
    throw new InvalidAddress('asks for an sslnegotiation other than postgres, which is not supported')
  }
  const root = take('sslrootcert')
  const mode = take('sslmode') ?? modeOf(take('ssl')) ?? (root === 'system' ? 'verify-full' : 'disable')
  const [cert, key] = [take('sslcert'), take('sslkey')]
  const own = {
    ...(cert !== undefined && { cert: readPem('sslcert', cert) }),
    ...(key !== undefined && { key: readPem('sslkey', key) }),
  }
  const trusted = root === undefined || root === 'system' ? {} : { ca: readPem('sslrootcert', root) }
  switch (mode) {
    case 'disable':
      return false
    case 'allow':
    case 'prefer':
      return 'prefer'
    case 'require':
      // With a root certificate it means verify-ca, for compatibility with old versions of libpq.
      return root === undefined
        ? { ...own, rejectUnauthorized: false }
        : { ...own, ...trusted, checkServerIdentity: anyName }
    case 'verify-ca':
      return { ...own, ...trusted, checkServerIdentity: anyName }
    case 'verify-full':
      return { ...own, ...trusted }
    default:
      throw new InvalidAddress(
        'has an sslmode other than disable, allow, prefer, require, verify-ca and verify-full',
      )
  }
}

/** Reads the parameters of JDBC and of drivers for Node.js. */
function modeOf(ssl: string | undefined): string | undefined {
  if (ssl === 'true' || ssl === '1') return 'require'
  return ssl === 'false' || ssl === '0' ? 'disable' : ssl
}

/** The certificate is checked, and the name in it is not. */
function anyName(): undefined {
  return undefined
}

function readPem(parameter: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'no code'
    throw new InvalidAddress(`names ${path} as ${parameter}, which cannot be read (${code})`, {
      cause: error,
    })
  }
}
