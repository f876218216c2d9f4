import { describeMailFailure, Mailer } from '../channels/mailer.ts'
import type { Config } from '../config.ts'
import { createLogger } from '../lib/log.ts'
import { check, type Check } from './check.ts'

/** Checks that the mail server of a configuration takes the login, where there is one. It is sent no mail. */
export async function checkMail({ mail }: Pick<Config, 'mail'>): Promise<Check[]> {
  if (mail === null) return []
  const mailer = new Mailer(mail, { log: createLogger('silent') })
  try {
    const work = async () => {
      const failure = await mailer.findFailure()
      if (failure !== null) throw new Error(describeMailFailure(failure))
      return 'The mail server is ready.'
    }
    return [await check('mail', work, (error) => `${String(error).replace(/^Error: t/, 'T')}.`)]
  } finally {
    mailer.close()
  }
}
