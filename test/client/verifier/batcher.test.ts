import { expect, test } from 'vitest'
import { createBatcher } from '../../../client/verifier/batcher.ts'
import { parsePublicJwk } from '../../../schema/wire/keys/jwk.ts'
import { thumbprint } from '../../../schema/wire/keys/thumbprint.ts'
import { createSigner } from '../../schema/wire/signatures/signers.ts'
import { owner, shop } from '../../support/verifier.ts'

test('queries of one turn of the event loop are one request, of at most 100', async () => {
  const publicKey = parsePublicJwk((await createSigner('ed25519')).jwk)
  const query = { owner, publicKey, thumbprint: await thumbprint(publicKey) }
  const requests: number[] = []
  const lookUp = createBatcher({
    lookUpMany: async (queries) => {
      requests.push(queries.length)
      return queries.map(() => new Error('not stored'))
    },
    applicationServer: shop,
    monotonicMs: () => performance.now(),
  })
  const lookUps = await Promise.allSettled(Array.from({ length: 150 }, () => lookUp(query)))
  expect(lookUps.map(({ status }) => status)).toEqual(Array(150).fill('rejected'))
  expect(requests).toEqual([100, 50])
  await expect(lookUp(query)).rejects.toThrow('not stored')
  expect(requests).toEqual([100, 50, 1])
})
