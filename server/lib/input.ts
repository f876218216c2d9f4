import { z } from 'zod'
import { isAccountName } from '../../schema/wire/account-name.ts'
import { toCompactJwe } from '../../schema/wire/brands.ts'
import { alertKinds } from '../../schema/wire/enums.ts'
import { badInput } from '../../schema/wire/errors.ts'
import { InvalidJwe, parseWrappedKeyHeader } from '../../schema/wire/keys/jwe.ts'
import {
  assertSoundPoint,
  InvalidJwk,
  parsePublicJwkForm,
  parseSigningJwk,
  parseWrappingJwk,
  type PublicJwk,
} from '../../schema/wire/keys/jwk.ts'
import { assertPrimeOrder } from '../../schema/wire/keys/prime-order.ts'
import { limits } from '../../schema/wire/limits.ts'
import {
  InvalidStatement,
  parseStatement,
  type StatementType,
} from '../../schema/wire/statements/statement.ts'
import { decodeBase64url } from '../../schema/wire/base64url.ts'
import { isInPrimeOrderSubgroup } from './ed25519-subgroup.ts'

/*
 * Parsers of what clients send. GraphQL has already checked shapes and scalar types; these check the rest. No message
 * quotes what was received: it may be a secret that was sent by mistake.
 */

/**
 * Parses one argument.
 *
 * @param field the argument's name: the path of a refusal begins with it
 * @throws {KeyServerError} BAD_USER_INPUT with the path of the first thing that is wrong
 */
export function parseInput<T>(parser: z.ZodType<T>, value: unknown, field: string): T {
  const parsed = parser.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw badInput(
    [field, ...(issue?.path ?? []).map(String)].join('.'),
    issue?.message ?? 'This is not valid.',
  )
}

/** Characters that PostgreSQL cannot store unchanged, that end a line, or that change the direction of the text around them. */
const unprintable = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u

/** Format characters, and those that are invisible (UAX #44, Default_Ignorable_Code_Point). */
const invisible = /[\p{Cf}\p{Default_Ignorable_Code_Point}]/u

/**
 * Those that are part of something visible: variation selectors of emoji, joiners between emoji, letters or marks, and the
 * tags of subdivision flags (UTS #51).
 */
const visibleSequence =
  /\u{1f3f4}[\u{e0020}-\u{e007f}]+|(?<=\p{Emoji})[\ufe0e\ufe0f](?:\u200d(?=\p{Emoji}))?|(?<=[\p{L}\p{M}\p{Emoji}])[\u200c\u200d](?=[\p{L}\p{M}\p{Emoji}])/gu

/** Spaces other than U+0020, with which two names look the same; a Braille pattern without dots is one of them. */
const otherSpace = /(?! )[\p{Zs}\u2800]/u

/** More stacked marks than any language uses (UTS #39 §5.4): they cover the lines around them. */
const piledMarks = /[\p{Mn}\p{Me}]{5}/u

/** A text of one line, in its own direction, without white space around it. */
function text(charactersMax: number) {
  return z
    .string({ error: 'This must be a string.' })
    .refine((value) => value.length >= 1 && value.length <= charactersMax, {
      error: `This has 1 to ${String(charactersMax)} characters.`,
      abort: true,
    })
    .refine((value) => value.isWellFormed() && !unprintable.test(value), {
      error: 'This must not have control characters, line separators or unpaired surrogates.',
    })
    .refine((value) => value === value.trim(), {
      error: 'This must not begin or end with white space.',
    })
    .refine((value) => value === value.normalize('NFC'), {
      error: 'This must be in Unicode normalization form C.',
    })
    .refine((value) => !piledMarks.test(value), { error: 'This has at most 4 combining marks in a row.' })
}

export const accountName = z.string().refine(isAccountName, {
  error: "A name has 3 to 64 of a-z, 0-9, '.', '_', '-', '@', and starts with a letter or digit.",
})

export const label = text(limits.labelCharactersMax).refine(
  (value) => !invisible.test(value.replaceAll(visibleSequence, '')) && !value.includes('\u2800'),
  { error: 'This must not have invisible characters.' },
)

/** A name that no other name equals but for invisible characters or another encoding. */
export const applicationServer = text(limits.applicationServerCharactersMax)
  .refine((value) => !invisible.test(value), { error: 'This must not have invisible characters.' })
  .refine((value) => !otherSpace.test(value), { error: 'This must not have white space but plain spaces.' })

/** A name that is looked up: it need not be one that could be stored. */
export const askedName = z
  .string()
  .refine(
    (value) => value !== '' && value.length <= limits.applicationServerCharactersMax && value.isWellFormed(),
    {
      error: `This has 1 to ${String(limits.applicationServerCharactersMax)} characters and no unpaired surrogates.`,
    },
  )

/** The kinds of alerts that are wanted, each once; null for all. */
export const wantedKinds = z
  .array(z.enum(alertKinds))
  .min(1, { error: 'At least one kind, or null for all.' })
  .transform((kinds) => [...new Set(kinds)])
  .nullable()
  .default(null)

/** RFC 7638 SHA-256, base64url. */
export const thumbprintText = z.string().regex(/^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/, {
  error: 'This must be a SHA-256 thumbprint: 43 characters of base64url.',
})

/** In its canonical, lower-case spelling. */
export const uuid = z.guid({ error: 'This must be a UUID.' }).transform((value) => value.toLowerCase())

/** RFC 3339, of the years 1970 to 9999, cut to milliseconds. */
export const instant = z.iso
  .datetime({ offset: true, error: 'This must be an RFC 3339 instant, e.g. 2026-11-23T06:21:00.000Z.' })
  .transform((value) => new Date(value))
  .refine((date) => date.getTime() >= 0 && date.getUTCFullYear() <= 9999, {
    error: 'This must be in the years 1970 to 9999.',
  })

export const maxUses = z.number().refine((value) => Number.isSafeInteger(value) && value >= 1, {
  error: 'This is at least 1.',
})

/** Seconds; sorted largest first, duplicates removed. */
export const expiryNotices = z
  .array(
    z.number().refine((value) => value >= 1 && value <= limits.expiryNoticeSecondsMax, {
      error: `A notice is 1 to ${String(limits.expiryNoticeSecondsMax)} seconds before the end.`,
    }),
  )
  .max(limits.expiryNoticesMax, { error: `There are at most ${String(limits.expiryNoticesMax)} notices.` })
  .transform((notices) => [...new Set(notices)].sort((a, b) => b - a))

/** A key that is registered. */
export const publicJwk = parsedBy((value) => registrable(parsePublicJwkForm(value)), InvalidJwk)
/** A key that is presented and compared, not stored. */
export const presentedJwk = parsedBy(parsePublicJwkForm, InvalidJwk)
/** A signing key that is registered. */
export const signingJwk = parsedBy((value) => registrable(parseSigningJwk(value)), InvalidJwk)
export const wrappingJwk = parsedBy(parseWrappingJwk, InvalidJwk)

/** A compact JWE together with its header. */
export const jwe = parsedBy((value) => {
  if (typeof value !== 'string') throw new InvalidJwe('A wrapped key is a string.')
  const header = parseWrappedKeyHeader(value)
  return { compact: toCompactJwe(value), header }
}, InvalidJwe)

/**
 * A signed statement of one type together with what it says. Whether it is true is for others to check: of a certificate, also
 * that its key is the one that is stored, whose point was checked (80 µs a key).
 */
export function statementOf<T extends StatementType>(type: T) {
  return parsedBy((value) => {
    const parsed = parseStatement(type, value, { parseJwk: parsePublicJwkForm })
    return { ...parsed, compact: String(value) }
  }, InvalidStatement)
}

/**
 * Checks the point of a key that is registered: it is of its curve and, for Ed25519, of prime order.
 *
 * @throws {InvalidJwk} by the checks that name the rule, for whatever the quick one does not accept
 */
function registrable<T extends PublicJwk>(jwk: T): T {
  const isQuicklyAccepted =
    jwk.kty === 'OKP' && jwk.crv === 'Ed25519' && isInPrimeOrderSubgroup(Buffer.from(jwk.x, 'base64url'))
  if (isQuicklyAccepted) return jwk
  assertSoundPoint(jwk)
  assertPrimeOrder(jwk)
  return jwk
}

function parsedBy<T>(parse: (value: unknown) => T, refusal: new (message: string) => Error) {
  return z.unknown().transform((value, context): T => {
    try {
      return parse(value)
    } catch (error) {
      if (!(error instanceof refusal)) throw error
      context.addIssue({ code: 'custom', message: error.message })
      return z.NEVER
    }
  })
}

/** Whether a text can be the id of a management key. A text that cannot is answered like an unknown one. */
export function isManagementKeyId(id: string): boolean {
  return decodeBase64url(id)?.length === 32
}
