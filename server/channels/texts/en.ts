import type { AlertFacts, AlertTexts, DeviceFacts, KeyFacts, Texts } from './catalogue.ts'

const instant = (date: Date) =>
  `${new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' }).format(date)} UTC`

const keyOf = ({ applicationServer, label }: KeyFacts) =>
  label === null ? `your key for ${applicationServer}` : `your key "${label}" for ${applicationServer}`
const deviceOf = ({ kind, label }: DeviceFacts) =>
  kind === 'RECOVERY' ? 'your recovery phrase' : `your device "${label}"`
const count = (number: number, one: string, many = `${one}s`) =>
  `${number.toLocaleString('en')} ${number === 1 ? one : many}`
const sentence = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

function duration(seconds: number): string {
  if (seconds >= 86_400) return count(Math.round(seconds / 86_400), 'day')
  if (seconds >= 3_600) return count(Math.round(seconds / 3_600), 'hour')
  return count(Math.max(1, Math.round(seconds / 60)), 'minute')
}

const revokeKey = ({ id }: KeyFacts) => `claviger key revoke ${id}`
const revokeDevice = ({ id }: DeviceFacts) => `claviger device revoke ${id}`

const replaceKeys = 'replace your keys ("claviger key rotate ID" for each that "claviger key list" shows)'

const added = {
  DEVICE: 'added it. It can now use every key that you have.',
  RECOVERY: 'made it. Whoever has its words can use every key that you have.',
  VIEWER: 'added it. It can read which keys you have, and use none of them.',
} as const

const removed = {
  DEVICE: 'removed it. It can no longer use your keys.',
  RECOVERY: 'revoked it. Its words open nothing any more.',
  VIEWER: 'removed it. It can no longer read which keys you have.',
} as const

const reasons = {
  UNSPECIFIED: 'no reason was given',
  COMPROMISED: 'somebody else may know it',
  SUPERSEDED: 'another key takes its place',
  CESSATION: 'it is no longer needed',
} as const

const channelNames = {
  EMAIL: 'an e-mail address',
  SLACK: 'a channel in Slack',
  TEAMS: 'a channel in Teams',
  DISCORD: 'a channel in Discord',
  NTFY: 'a topic of ntfy',
  WEBHOOK: 'a webhook',
} as const

const alerts: AlertTexts = {
  KEY_EXPIRING: ({ key, expiresAt, noticeSeconds }) => ({
    title: `${sentence(keyOf(key))} expires in ${duration(noticeSeconds)}`,
    happened: `Its term ends on ${instant(expiresAt)}. From then on ${key.applicationServer} will refuse it.`,
    toDo: `If you still need it, extend its term ("claviger key update ${key.id} --expires 90d") or replace it ("claviger key rotate ${key.id}"). If not, do nothing.`,
  }),
  KEY_EXPIRED: ({ key, expiresAt }) => ({
    title: `${sentence(keyOf(key))} has expired`,
    happened: `Its term ended on ${instant(expiresAt)}. ${key.applicationServer} refuses it now.`,
    toDo: `If you still need it, extend its term ("claviger key update ${key.id} --expires 90d") or replace it ("claviger key rotate ${key.id}"). If not, do nothing.`,
  }),
  KEY_OVERUSED: ({ key, device, maxUses, excess, refused }) => ({
    title: refused
      ? `A use of ${keyOf(key)} was refused`
      : `${sentence(keyOf(key))} is used more often than you allowed`,
    happened: `You allowed ${count(maxUses, 'use')}. It was ${refused ? 'asked for' : 'used'} ${count(excess, 'time')} beyond that, most recently by ${deviceOf(device)}.`,
    toDo: `If that was you, allow more uses ("claviger key update ${key.id} --max-uses N"). If not, somebody else may be using that device: from another device, revoke the key ("${revokeKey(key)}") and then the device ("${revokeDevice(device)}").`,
  }),
  KEY_REVOKED: ({ key, reason }) => ({
    title: `${sentence(keyOf(key))} was revoked`,
    happened: `It is of no use any more (${reasons[reason]}). ${key.applicationServer} refuses it.`,
    toDo: 'If that was you, do nothing. If not, somebody else may be using one of your devices: look at "claviger device list", and revoke what you do not know or no longer have ("claviger device revoke ID").',
  }),
  PUBLIC_KEY_MISMATCH: ({ applicationServer, furtherKeyCount }) => ({
    title: `Somebody showed ${applicationServer} a key that is not yours`,
    happened: `${applicationServer} was shown ${furtherKeyCount === 0 ? 'a key' : count(furtherKeyCount + 1, 'key')} in your name, and asked this key server, which answered: ${furtherKeyCount === 0 ? 'it is not yours' : 'they are not yours'}.`,
    toDo: `If you replaced your key a moment ago, a program may still be using the old one. If not, somebody may be trying to pass as you. Your own keys are safe; tell the people who run ${applicationServer}.`,
  }),
  MANAGEMENT_KEY_ADDED: ({ device, by }) => ({
    title:
      device.kind === 'RECOVERY'
        ? 'A recovery phrase was made for your account'
        : `A device was added to your account: "${device.label}"`,
    happened: `${sentence(deviceOf(by))} ${added[device.kind]}`,
    toDo: `If that was you, do nothing. If not, revoke both now, from a device that you trust: "${revokeDevice(device)}" and "${revokeDevice(by)}".`,
  }),
  MANAGEMENT_KEY_REVOKED: ({ device, by }) => ({
    title:
      device.kind === 'RECOVERY'
        ? 'A recovery phrase of your account was revoked'
        : `A device was removed from your account: "${device.label}"`,
    happened: `${sentence(deviceOf(by))} ${removed[device.kind]}`,
    toDo: `If that was you, do nothing. If not, revoke ${deviceOf(by)} now, from a device that you trust: "${revokeDevice(by)}".`,
  }),
  KEYS_REWRAPPED: ({ device, keyCount }) => ({
    title: `${count(keyCount, 'key was', 'keys were')} prepared for another of your devices`,
    happened: `${sentence(deviceOf(device))} read ${keyCount === 1 ? 'it' : 'them'} in order to hand ${keyCount === 1 ? 'it' : 'them'} over.`,
    toDo: `If you are adding a device or a recovery phrase, do nothing. If not, somebody else may be using ${deviceOf(device)}: revoke it, from another device ("${revokeDevice(device)}"), and ${replaceKeys}.`,
  }),
  KEYS_EXPORTED: ({ device, keyCount }) => ({
    title: `${count(keyCount, 'key was', 'keys were')} copied into a backup`,
    happened: `${sentence(deviceOf(device))} read ${keyCount === 1 ? 'it' : 'them'} for a backup.`,
    toDo: `If you made a backup, do nothing. If not, somebody else may have your keys: revoke ${deviceOf(device)}, from another device ("${revokeDevice(device)}"), and ${replaceKeys}.`,
  }),
  CHANNEL_CHANGED: ({ channelKind, isHere, change, device }) => ({
    title: changeTitle({ channelKind, isHere, change }),
    happened: changeCause({ change, device }),
    toDo: changeToDo({ channelKind, change, device }),
  }),
}

type ChannelChangeFacts = Extract<AlertFacts, { readonly kind: 'CHANNEL_CHANGED' }>

function changeToDo({
  channelKind,
  change,
  device,
}: Pick<ChannelChangeFacts, 'channelKind' | 'change' | 'device'>): string {
  const noun = channelKind === 'WEBHOOK' ? 'webhook' : 'channel'
  const list = `"claviger ${noun} list"`
  const add =
    channelKind === 'WEBHOOK'
      ? '"claviger webhook set URL"'
      : `"claviger channel add ${channelKind.toLowerCase()} TARGET"`
  const unless = (what: string) =>
    `If that was you, do nothing. If not, ${what}.${device === null ? '' : ` Then revoke ${deviceOf(device)} from a device that you trust ("${revokeDevice(device)}").`}`
  switch (change) {
    case 'ADDED':
      return unless(
        `somebody else may read your alerts there: ${list} shows its ID, and "claviger ${noun} remove ID" ends it`,
      )
    case 'CHANGED':
      return unless(`${list} shows which alerts are left, and ${add} sets them anew`)
    case 'REMOVED':
    case 'STOPPED':
      return unless(`${add} has them sent there again`)
    case 'DISABLED':
      return `If you still need it, see ${list} for the reason, and set it again: ${add}.`
    case 'FAILING':
      return 'See "claviger webhook list" for the reason. Once the receiver works again, "claviger webhook redeliver ID" sends what it missed.'
  }
}

function changeTitle({
  channelKind,
  isHere,
  change,
}: Pick<ChannelChangeFacts, 'channelKind' | 'isHere' | 'change'>): string {
  const channel = channelNames[channelKind]
  const there = isHere ? 'here' : `to ${channel}`
  switch (change) {
    case 'ADDED':
      return `Your alerts are now sent ${there}`
    case 'CHANGED':
      return `Which alerts are sent ${there} was changed`
    case 'REMOVED':
    case 'STOPPED':
    case 'DISABLED':
      return `Your alerts are no longer sent ${there}`
    case 'FAILING':
      return `Your alerts do not reach ${channel}`
  }
}

function changeCause({ change, device }: Pick<ChannelChangeFacts, 'change' | 'device'>): string {
  if (device !== null) return `${sentence(deviceOf(device))} changed that.`
  switch (change) {
    case 'ADDED':
      return 'The address was confirmed by the link in the mail that was sent there.'
    case 'STOPPED':
      return 'Somebody who reads the mails that are sent there followed the link that stops them.'
    case 'DISABLED':
      return 'The messages were refused for three days, or for good.'
    case 'FAILING':
      return 'It has not accepted an alert for three days. That alert is not tried again by itself; later ones are.'
    case 'CHANGED':
    case 'REMOVED':
      return 'No device of yours is known to have done it.'
  }
}

const kindNames = {
  KEY_EXPIRING: 'a key expires soon',
  KEY_EXPIRED: 'a key has expired',
  KEY_OVERUSED: 'a key was used too often',
  KEY_REVOKED: 'a key was revoked',
  PUBLIC_KEY_MISMATCH: 'a key that is not yours was shown',
  MANAGEMENT_KEY_ADDED: 'a device was added',
  MANAGEMENT_KEY_REVOKED: 'a device was removed',
  KEYS_REWRAPPED: 'keys were prepared for another device',
  KEYS_EXPORTED: 'keys were copied into a backup',
  CHANNEL_CHANGED: 'where alerts are sent was changed',
} as const

/** English. */
export const en: Texts = {
  alerts,
  instant,
  several: (number) => `${count(number, 'alert')} about your keys`,
  further: (counts) =>
    `And more: ${counts.map(({ kind, count: number }) => `${kindNames[kind]} (${count(number, 'time')})`).join(', ')}. "claviger alerts" shows all.`,
  occurred: 'When',
  toDo: 'What you can do',
  origin: (owner, origin) => `Account ${owner} at the key server ${origin}`,
  commands:
    'The commands in quotes are for the command line of one of your devices. A console that does more than read can do the same, under Keys, Devices or Alerts. If you have no other device, your recovery phrase makes one: "claviger recovery use --owner NAME".',
  footer:
    'This message holds no secret, and nobody needs to reply to it. Neither this key server nor anybody else will ever ask you by mail for a passphrase, a recovery phrase or a key.',
  stop: 'To stop these mails, open',
  confirmation: {
    subject: 'Confirm that alerts may be sent to this address',
    asked: (owner, origin) =>
      `The owner of the account ${owner} at the key server ${origin} wants to be alerted at this address when something happens to their keys.`,
    confirm: (hours) => `If this is you, open this page within ${count(hours, 'hour')} and confirm:`,
    ignore: 'If it is not you, do nothing: no alerts will be sent, and the address will be forgotten.',
    block: 'If you never want to be asked again, open',
  },
  farewell: (owner, origin) => ({
    title: 'Your alerts are no longer sent here',
    happened: `A device of the account ${owner} at the key server ${origin} removed this channel. This is the last message.`,
    toDo: 'If that was you, do nothing. If not, somebody else may be using one of your devices: "claviger alerts" shows which one it was, and "claviger device revoke ID" from a device that you trust revokes it.',
  }),
  pages: {
    confirm: (owner) => ({
      title: 'Send alerts to your address?',
      text: `The account ${owner} will be able to send alerts about its keys to the address at which you received this link. Every mail has a link that stops them.`,
      button: 'Yes, send alerts',
    }),
    confirmed: (owner) => ({
      title: 'Confirmed',
      text: `Alerts of the account ${owner} are sent to your address from now on.`,
      button: null,
    }),
    stop: (owner) => ({
      title: 'Stop these mails?',
      text: `No more alerts of the account ${owner} will be sent to your address, and it will be erased here. You would not hear of misuse of your keys by mail any more.`,
      button: 'Stop the mails',
    }),
    stopped: (owner) => ({
      title: 'Stopped',
      text: `No more alerts of the account ${owner} are sent to your address, and it was erased here.`,
      button: null,
    }),
    block: () => ({
      title: 'Never be asked again?',
      text: 'This key server will send no more requests for confirmation to your address, whoever asks for it.',
      button: 'Do not ask again',
    }),
    blocked: () => ({
      title: 'Done',
      text: 'This key server will not ask you again.',
      button: null,
    }),
    invalid: () => ({
      title: 'This link is not valid',
      text: 'It was used before, or its time has passed, or a part of it is missing.',
      button: null,
    }),
  },
}
