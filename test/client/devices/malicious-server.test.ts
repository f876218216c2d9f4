import { describe, expect, test } from 'vitest'
import { memoryKeystore, requestPairing } from '../../../client/index.ts'
import { createPairingCode, readPairingCode } from '../../../client/devices/pairing-code.ts'
import { sealMessage } from '../../../client/devices/sealed-message.ts'
import { newVault, operationOf, useWorld, type Fetch } from '../../support/devices.ts'

/* A key server that changes the messages which it transmits can only prevent a pairing. */

const world = useWorld()
const pollMs = 20

interface Body {
  data: Record<string, { payload: string; answer: string | null; expiresAt: string } | null>
}

/** A `fetch` through a server that changes its answers to one operation. */
function tampering(operation: string, tamper: (body: Body) => void | Promise<void>): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init)
    if (operationOf(init) !== operation) return response
    const body: Body = await response.json()
    await tamper(body)
    return Response.json(body)
  }
}

const request = (owner: string, options: { fetch?: Fetch } = {}) =>
  requestPairing({ url: world.url, owner, keystore: memoryKeystore(), ...options })

const forged = { code: 'PAIRING_FORGED' }

describe('a malicious server', () => {
  test('is not noticed when it changes nothing (negative control)', async () => {
    const laptop = await newVault(world.url, { fetch: tampering('Pairing', () => undefined) })
    const { code, words } = await request(laptop.owner)
    expect((await laptop.lookUpPairing(code)).words).toEqual(words)
  })

  test("cannot put another device's request in place of the one that the code names", async () => {
    const other = { payload: '' }
    const laptop = await newVault(world.url, {
      fetch: tampering('Pairing', ({ data }) => {
        if (data['pairing']) data['pairing'].payload = other.payload
      }),
    })
    let sent = ''
    const attacker = await request(laptop.owner, {
      fetch: async (input, init) => {
        if (operationOf(init) === 'OpenPairing' && init?.body instanceof Uint8Array) {
          sent = new TextDecoder().decode(init.body)
        }
        return fetch(input, init)
      },
    })
    other.payload = JSON.parse(sent).variables.input.payload
    const { code } = await request(laptop.owner)
    await expect(laptop.lookUpPairing(code)).rejects.toMatchObject(forged)
    // Negative control: with its own code the same message is accepted.
    expect((await laptop.lookUpPairing(attacker.code)).managementKeyId).toBe(attacker.managementKeyId)
  })

  test('cannot put its own key into a request, even if it guessed the secret', async () => {
    const laptop = await newVault(world.url)
    const { code } = await request(laptop.owner)
    const mallory = await request(laptop.owner)
    // The code of the honest device with the attacker's secret: only the thumbprint differs.
    const bytesOf = (text: string) => Buffer.from(text.slice(4), 'base64url')
    const mixed = Buffer.concat([bytesOf(code).subarray(0, 32), bytesOf(mallory.code).subarray(32)])
    const { requestKey } = await readPairingCode(`CV1-${mixed.toString('base64url')}`)
    const { proof, label } = await laptop.lookUpPairing(mallory.code)
    const payload = await sealMessage({ v: 1, label, proof }, requestKey)
    const liedTo = await newVault(world.url, {
      fetch: tampering('Pairing', ({ data }) => {
        data['pairing'] = { payload, answer: null, expiresAt: new Date().toISOString() }
      }),
    })
    await expect(liedTo.lookUpPairing(`CV1-${mixed.toString('base64url')}`)).rejects.toMatchObject(forged)
  })

  test.each([1, 20, 60])('cannot flip a bit of either message (at %i)', async (at) => {
    const flip = (text: string) => {
      const index = text.length - 1 - at
      const changed = text[index] === 'A' ? 'B' : 'A'
      return `${text.slice(0, index)}${changed}${text.slice(index + 1)}`
    }
    const laptop = await newVault(world.url, {
      fetch: tampering('Pairing', ({ data }) => {
        const { pairing } = data
        if (pairing) pairing.payload = flip(pairing.payload)
      }),
    })
    const device = await request(laptop.owner)
    await expect(laptop.lookUpPairing(device.code)).rejects.toMatchObject(forged)
    const honest = await newVault(world.url)
    const other = await request(honest.owner, {
      fetch: tampering('Pairing', ({ data }) => {
        const { pairing } = data
        if (pairing?.answer) pairing.answer = flip(pairing.answer)
      }),
    })
    await honest.approveDevice(await honest.lookUpPairing(other.code))
    await expect(other.approved({ pollMs })).rejects.toMatchObject(forged)
  })

  test('cannot make the new device trust a key of its own', async () => {
    const [laptop, mallory] = [await newVault(world.url), await newVault(world.url)]
    const { answerKey } = await readPairingCode(createPairingCode(mallory.managementKeyId))
    const anchors = [mallory.managementKeyId]
    const answer = await sealMessage({ v: 1, owner: laptop.owner, anchors }, answerKey)
    const keystore = memoryKeystore()
    const device = await requestPairing({
      url: world.url,
      owner: laptop.owner,
      keystore,
      fetch: tampering('Pairing', ({ data }) => {
        if (data['pairing']) data['pairing'].answer = answer
      }),
    })
    await expect(device.approved({ pollMs })).rejects.toMatchObject(forged)
    expect((await keystore.load())?.anchors).toBeUndefined()
  })

  test("cannot send the new device's own message back to it as the answer", async () => {
    const laptop = await newVault(world.url)
    const device = await request(laptop.owner, {
      fetch: tampering('Pairing', ({ data }) => {
        const { pairing } = data
        if (pairing) pairing.answer = pairing.payload
      }),
    })
    await expect(device.approved({ pollMs })).rejects.toMatchObject(forged)
  })

  test('cannot have a new device prove itself at another time', async () => {
    const laptop = await newVault(world.url)
    const fetch = tampering('KeyServer', ({ data }) => {
      Object.assign(data['keyServer'] ?? {}, { time: new Date(Date.now() + 365 * 86_400_000).toISOString() })
    })
    await expect(request(laptop.owner, { fetch })).rejects.toMatchObject({ code: 'CLOCKS_DIFFER' })
  })

  test('cannot have a device approved by a statement that is dated ahead', async () => {
    const laptop = await newVault(world.url)
    const fetch = tampering('KeyServer', ({ data }) => {
      Object.assign(data['keyServer'] ?? {}, { time: new Date(Date.now() + 120_000).toISOString() })
    })
    const { code } = await request(laptop.owner, { fetch })
    await expect(laptop.lookUpPairing(code)).rejects.toMatchObject({
      code: 'CLOCKS_DIFFER',
      message: expect.stringContaining('seconds apart'),
    })
  })

  test('that forgets the request leaves the new device without an account, and says so', async () => {
    const laptop = await newVault(world.url)
    const device = await request(laptop.owner, {
      fetch: tampering('Pairing', ({ data }) => {
        data['pairing'] = null
      }),
    })
    await expect(device.approved({ pollMs })).rejects.toMatchObject({ code: 'PAIRING_GONE' })
  })
})
