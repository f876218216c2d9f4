import { z } from 'zod'
import { label, signingJwk, statementOf, wrappingJwk } from '../lib/input.ts'
import { managementKeyKinds } from '../../schema/wire/enums.ts'

/** Parses a management key to register. */
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

/** A management key to register, parsed. */
export type ManagementKeyToAdd = z.infer<typeof managementKeyInput>
