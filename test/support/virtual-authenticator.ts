import type { Page } from 'playwright-core'

export interface Authenticator {
  /** Whether whoever is asked shows that they are the owner. */
  verifiesUser(isVerified: boolean): Promise<void>
}

/** A passkey that a page can ask for, by the DevTools protocol. `hasPrf`: it has the pseudo-random function. */
export async function addAuthenticator(
  page: Page,
  { hasPrf }: { readonly hasPrf: boolean },
): Promise<Authenticator> {
  const devtools = await page.context().newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
      hasPrf,
    },
  })
  return {
    verifiesUser: async (isUserVerified) => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
