import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, type CryptoKey } from 'jose'
import type postgres from 'postgres'
import { parsePublicJwk, parseSigningJwk, type PublicJwk } from '../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../schema/wire/keys/thumbprint.ts'
import { accountIdOf } from '../../server/lib/account-id.ts'
import { thumbprintOf } from '../../server/lib/thumbprint-of.ts'

/** An account, the management key that signs for it, and its transaction keys. */
export interface Owner {
  readonly name: string
  readonly accountId: string
  readonly managementKeyId: string
  readonly privateKey: CryptoKey
  readonly transactionKeyIds: readonly string[]
  /** In the order of `transactionKeyIds`. */
  readonly publicKeys: readonly PublicJwk[]
}

/** The application server of all transaction keys. */
export const applicationServer = 'https://shop.example'

/** About the size of a wrapped Ed25519 key. Nobody opens it here. */
const jwe = 'x'.repeat(450)

/** Stores accounts by SQL, each with one management key and with transaction keys that are wrapped for it. */
export async function storeOwners(
  sql: postgres.Sql,
  { count, keysEach }: { readonly count: number; readonly keysEach: number },
): Promise<Owner[]> {
  const owners = await Promise.all(
    Array.from({ length: count }, async (_, index) => {
      const name = `owner-${index}`
      const pair = await generateKeyPair('Ed25519', { extractable: true })
      const signingKey = parseSigningJwk(await exportJWK(pair.publicKey))
      return {
        name,
        accountId: accountIdOf(name),
        managementKeyId: await thumbprint(signingKey),
        signingKey: JSON.stringify(signingKey),
        privateKey: pair.privateKey,
        transactionKeyIds: Array.from({ length: keysEach }, () => randomUUID()),
        publicKeys: Array.from({ length: keysEach }, () =>
          parsePublicJwk(generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })),
        ),
      }
    }),
  )
  const accountIds = owners.map(({ accountId }) => accountId)
  const managementKeyIds = owners.map(({ managementKeyId }) => managementKeyId)
  await sql`
    INSERT INTO accounts (id, name)
    SELECT id, name FROM unnest(${accountIds}::uuid[], ${owners.map(({ name }) => name)}::text[]) AS stored (id, name)`
  await sql`
    INSERT INTO management_keys (account_id, id, label, kind, signing_key)
    SELECT account_id, id, 'bench', 'DEVICE', key::jsonb
    FROM unnest(${accountIds}::uuid[], ${managementKeyIds}::text[], ${owners.map(({ signingKey }) => signingKey)}::text[])
      AS stored (account_id, id, key)`
  await sql`
    INSERT INTO management_key_owners (management_key_id, account_id, signing_key, is_viewer)
    SELECT id, account_id, signing_key, false FROM management_keys`
  const keys = owners.flatMap((owner) =>
    owner.transactionKeyIds.map((id, index) => ({ ...owner, id, publicKey: owner.publicKeys[index] })),
  )
  const [ofAccount, ids] = [keys.map(({ accountId }) => accountId), keys.map(({ id }) => id)]
  await sql`
    INSERT INTO transaction_keys (account_id, id, application_server, public_key, thumbprint, expiry_notices,
      has_default_notices, content_hash)
    SELECT account_id, id, ${applicationServer}, key::jsonb, thumbprint, '{}', false, ''
    FROM unnest(${ofAccount}::uuid[], ${ids}::uuid[], ${keys.map(({ publicKey }) => JSON.stringify(publicKey))}::text[],
      ${keys.map(({ publicKey }) => (publicKey ? thumbprintOf(publicKey) : null))}::text[])
      AS stored (account_id, id, key, thumbprint)`
  await sql`
    INSERT INTO transaction_key_usage (account_id, transaction_key_id, overuse_policy)
    SELECT account_id, id, 'NOTIFY' FROM unnest(${ofAccount}::uuid[], ${ids}::uuid[]) AS stored (account_id, id)`
  await sql`
    INSERT INTO wrapped_keys (account_id, transaction_key_id, management_key_id, jwe)
    SELECT account_id, id, management_key_id, ${jwe}
    FROM unnest(${ofAccount}::uuid[], ${ids}::uuid[], ${keys.map(({ managementKeyId }) => managementKeyId)}::text[])
      AS stored (account_id, id, management_key_id)`
  await sql`ANALYZE`
  return owners
}
