import { eventually } from './connections.ts'
import type { MailServer, ReceivedMail } from './mail-server.ts'
import { pick, pickEach, pickText, succeed } from './operations.ts'
import type { RawKey } from './raw-client.ts'
import type { World } from './world.ts'

export const addChannelMutation = `mutation ($input: AddChannelInput!) {
  addChannel(input: $input) { id kind target kinds language isConfirmed }
}`

export const removeChannelMutation = 'mutation ($id: ID!) { removeChannel(id: $id) { id target } }'

/** @returns the channel's id */
export async function addChannel(url: string, key: RawKey, input: object): Promise<string> {
  const data = await succeed(url, key, { query: addChannelMutation, variables: { input } })
  return pickText(data, 'addChannel', 'id')
}

export async function removeChannel(url: string, key: RawKey, id: string): Promise<void> {
  await succeed(url, key, { query: removeChannelMutation, variables: { id } })
}

/** The account's channels with their state. */
export async function channelsOf(url: string, key: RawKey): Promise<Record<string, unknown>[]> {
  const data = await succeed(url, key, {
    query: `{ account { channels { id kind target kinds language isConfirmed lastDeliveredAt failingSince failure
      nextAttemptAt disabledAt } } }`,
  })
  return pickEach(pick(data, 'account', 'channels')).map((channel) =>
    Object.fromEntries(Object.entries(channel ?? {})),
  )
}

/** Lets what waits for its time, or for the end of a pause, be due now. */
export async function elapse({ sql }: Pick<World, 'sql'>, id: string): Promise<void> {
  await sql`UPDATE webhooks SET paused_until = NULL, due_at = least(due_at, now()) WHERE id = ${id}`
}

/** The first link to a page of mails, by the page's name. */
export function linkIn({ text }: Pick<ReceivedMail, 'text'>, page: 'confirm' | 'stop' | 'block'): string {
  const link = new RegExp(`https?://\\S+/mail/${page}\\?token=\\S+`).exec(text)?.[0]
  if (link === undefined) throw new TypeError(`The mail has no link to ${page}.`)
  return link
}

/** Waits for the mails to an address, and gives them. */
export async function mailsTo(server: MailServer, address: string, count: number): Promise<ReceivedMail[]> {
  await eventually(() => server.to(address).length >= count, { withinMs: 10_000, what: `${count} mails` })
  return server.to(address)
}

/** Adds an address and follows the link of its confirmation mail. @returns the channel's id */
export async function confirmedAddress(
  world: Pick<World, 'url'>,
  {
    key,
    address,
    server,
    ...input
  }: { key: RawKey; address: string; server: MailServer; kinds?: string[]; language?: string },
): Promise<string> {
  const id = await addChannel(world.url, key, { kind: 'EMAIL', target: address, ...input })
  const [mail] = await mailsTo(server, address, 1)
  if (mail === undefined) throw new TypeError('A mail has come.')
  const { status } = await fetch(linkIn(mail, 'confirm'), { method: 'POST' })
  if (status !== 200) throw new TypeError(`The confirmation was answered by ${String(status)}.`)
  return id
}
