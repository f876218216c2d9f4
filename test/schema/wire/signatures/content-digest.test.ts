import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { contentDigest } from '../../../../schema/wire/signatures/http-signature.ts'
import { contentDigestVectors } from '../../../support/vectors/rfc-9530.ts'

describe('Content-Digest', () => {
  test.each(contentDigestVectors)('agrees with $source', async ({ content, digest }) => {
    expect(await contentDigest(new TextEncoder().encode(content))).toBe(digest)
  })

  test('is SHA-256 of the raw bytes, whatever they are', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const hash = createHash('sha256').update(bytes).digest('base64')
        expect(await contentDigest(Uint8Array.from(bytes))).toBe(`sha-256=:${hash}:`)
      }),
    )
  })
})
