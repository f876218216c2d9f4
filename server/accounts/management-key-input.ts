import { z } from 'zod'
import { managementKeyKinds } from '../../schema/graphql/domain.ts'
import { decodeBase64url } from '../../schema/wire/base64url.ts'
import { label, signingJwk, statementOf, wrappingJwk } from '../input.ts'

/** A management key to register. */
export const managementKeyInput = z.object({
  label,
  kind: z
    .enum(managementKeyKinds)
    .nullish()
    .transform((value) => value ?? 'DEVICE'),
  signingKey: signingJwk,
  wrappingKey: wrappingJwk.nullish().transform((value) => value ?? null),
  endorsement: statementOf('claviger-endorsement+jwt')
    .nullish()
    .transform((value) => value ?? null),
})

export type ManagementKeyToAdd = z.infer<typeof managementKeyInput>

/** Whether a text can be the id of a management key. What can not is answered like an unknown one. */
export function isManagementKeyId(id: string): boolean {
  return decodeBase64url(id)?.length === 32
}
