import { expect, test } from 'vitest'
import { createOutput } from '../../../client/cli/output.ts'
import { createCli } from '../../../client/cli/program.ts'
import { alertKinds, channelChanges, channelKinds, managementKeyKinds } from '../../../schema/wire/enums.ts'
import { farewellOf, mailOf, messageOf } from '../../../server/channels/message.ts'
import type { AlertFacts } from '../../../server/channels/texts/catalogue.ts'
import { describe, texts } from '../../../server/channels/texts/index.ts'

const occurredAt = new Date('2030-01-01T00:00:00Z')
const key = {
  id: '00000000-0000-4000-8000-000000000000',
  applicationServer: 'https://shop.example',
  label: null,
}
const [device, by] = [
  { id: 'device', kind: 'DEVICE', label: 'Phone' },
  { id: 'other', kind: 'DEVICE', label: 'Laptop' },
] as const
const told = [true, false]

/** Each kind of alert, in all variants that have words of their own. */
const all: AlertFacts[] = [
  { kind: 'KEY_EXPIRING', occurredAt, key, expiresAt: occurredAt, noticeSeconds: 86_400 },
  { kind: 'KEY_EXPIRED', occurredAt, key, expiresAt: occurredAt },
  ...told.map((refused) => ({
    kind: 'KEY_OVERUSED' as const,
    occurredAt,
    key,
    device,
    maxUses: 1,
    excess: 1,
    refused,
  })),
  { kind: 'KEY_REVOKED', occurredAt, key, reason: 'COMPROMISED' },
  { kind: 'PUBLIC_KEY_MISMATCH', occurredAt, applicationServer: 'https://shop.example', furtherKeyCount: 0 },
  ...managementKeyKinds.flatMap((kind) => [
    { kind: 'MANAGEMENT_KEY_ADDED' as const, occurredAt, device: { ...device, kind }, by },
    { kind: 'MANAGEMENT_KEY_REVOKED' as const, occurredAt, device: { ...device, kind }, by },
  ]),
  { kind: 'KEYS_REWRAPPED', occurredAt, device, keyCount: 2 },
  { kind: 'KEYS_EXPORTED', occurredAt, device, keyCount: 2 },
  ...[...channelKinds, 'WEBHOOK' as const].flatMap((channelKind) =>
    channelChanges.flatMap((change) =>
      [device, null].map((changer) => ({
        kind: 'CHANNEL_CHANGED' as const,
        occurredAt,
        channelKind,
        isHere: false,
        change,
        device: changer,
      })),
    ),
  ),
]

const { program } = createCli({
  output: createOutput({ isJson: false }),
  untilInterrupted: () => new AbortController().signal,
})
const commands = program.commands.flatMap((command) => [
  command.name(),
  ...command.commands.map((sub) => `${command.name()} ${sub.name()}`),
])

/** The commands in quotes that the command line does not have: a noun alone is none when it has verbs. */
function unknownCommands(text: string): string[] {
  const named = [...text.matchAll(/["„]claviger ([a-z]+(?: [a-z]+)?)/g)].map(([, path = '']) => path)
  return named.filter((path) => !commands.includes(path))
}

const sender = { owner: 'alice', origin: 'https://keys.example' }

test('all kinds of alerts are looked at', () => {
  expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(alertKinds))
})

test.each(['EN', 'DE'] as const)(
  'every command that a mail names is one of the command line (%s)',
  (language) => {
    const messages = [
      messageOf({ owner: 'alice', count: all.length, alerts: all, further: [] }, texts[language], sender),
      farewellOf(texts[language], sender, occurredAt),
    ]
    for (const message of messages) {
      const { text } = mailOf(message, texts[language], { language, stopUrl: null })
      expect(text).toMatch(/["„]claviger /)
      expect(unknownCommands(text)).toEqual([])
    }
    // Control.
    expect(unknownCommands('"claviger channel ring ID"')).toEqual(['channel ring'])
  },
)

test.each(['EN', 'DE'] as const)(
  'a reader who did not change a channel is told the command that undoes it (%s)',
  (language) => {
    const undo = {
      ADDED: 'remove ID',
      REMOVED: 'add email',
      STOPPED: 'add email',
      CHANGED: 'add email',
      DISABLED: 'add email',
    }
    for (const [change, command] of Object.entries(undo)) {
      const facts = all.find(
        (each) => each.kind === 'CHANNEL_CHANGED' && each.channelKind === 'EMAIL' && each.change === change,
      )
      expect(facts && describe(facts, texts[language]).toDo, change).toContain(`claviger channel ${command}`)
    }
  },
)

test('a recovery phrase is told of as one, and no device: made, used and revoked', () => {
  const phrase = { id: 'phrase', kind: 'RECOVERY', label: 'Recovery phrase [abc]' } as const
  const made = describe({ kind: 'MANAGEMENT_KEY_ADDED', occurredAt, device: phrase, by }, texts.EN)
  expect(made.title).toBe('A recovery phrase was made for your account')
  expect(made.happened).toBe(
    'Your device "Laptop" made it. Whoever has its words can use every key that you have.',
  )
  const used = describe({ kind: 'MANAGEMENT_KEY_ADDED', occurredAt, device, by: phrase }, texts.EN)
  expect(used.happened).toBe('Your recovery phrase added it. It can now use every key that you have.')
  const revoked = describe({ kind: 'MANAGEMENT_KEY_REVOKED', occurredAt, device: phrase, by }, texts.DE)
  expect(revoked.title).toBe('Eine Wiederherstellungsphrase deines Kontos wurde widerrufen')
  expect(revoked.happened).toBe('Das geschah von deinem Gerät „Laptop“ aus. Ihre Wörter öffnen nichts mehr.')
})

test('a change of the channel that a message goes to is told as one of that very place', () => {
  const facts = {
    kind: 'CHANNEL_CHANGED',
    occurredAt,
    channelKind: 'EMAIL',
    change: 'ADDED',
    device: null,
  } as const
  const titleOf = (isHere: boolean, language: 'EN' | 'DE') =>
    describe({ ...facts, isHere }, texts[language]).title
  expect(titleOf(true, 'EN')).toBe('Your alerts are now sent here')
  expect(titleOf(false, 'EN')).toBe('Your alerts are now sent to an e-mail address')
  expect(titleOf(true, 'DE')).toBe('Deine Meldungen gehen jetzt auch hierher')
  expect(titleOf(false, 'DE')).toBe('Deine Meldungen gehen jetzt auch an eine E-Mail-Adresse')
})
