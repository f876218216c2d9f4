import type { Command } from 'commander'
import type { Channel } from '../../index.ts'
import type { Context } from '../context.ts'
import { rows } from '../key-text.ts'
import { listParserOf, parserOf } from '../options.ts'
import {
  alertKinds,
  channelKinds,
  channelLanguages,
  type AlertKind,
  type ChannelKind,
  type ChannelLanguage,
} from '../../../schema/wire/enums.ts'

/** `claviger channel …`: where alerts reach people. */
export function addChannelCommands(program: Command, context: Context): void {
  const channel = program
    .command('channel')
    .description('have alerts sent to people: by e-mail, or in Slack, Teams, Discord or ntfy')
  addChannelListCommand(channel, context)
  addChannelAddCommand(channel, context)
  addChannelRemoveCommand(channel, context)
}

function addChannelListCommand(channel: Command, context: Context): void {
  channel
    .command('list')
    .description('list the channels of the account, oldest first, and how they do')
    .action(async () => {
      const vault = await context.openVault()
      const channels = await vault.channels()
      const lines = channels.map((shown) => channelLines(shown).join('\n')).join('\n\n')
      context.output.result({ channels }, [channels.length === 0 ? 'No channels.' : lines])
    })
}

interface AddFlags {
  readonly kinds?: readonly AlertKind[]
  readonly language?: ChannelLanguage
}

const kindNames = channelKinds.map((kind) => kind.toLowerCase())
const languageNames = channelLanguages.map((language) => language.toLowerCase())

function addChannelAddCommand(channel: Command, context: Context): void {
  channel
    .command('add')
    .argument('<kind>', `one of ${kindNames.join(', ')}`, parserOf(channelKinds))
    .argument('<target>', 'an e-mail address; the URL of an incoming webhook; the URL of a topic of ntfy')
    .description('have the alerts to come sent there; for a target that is there already, change it')
    .option(
      '--kinds <kinds>',
      `only these: ${alertKinds.join(', ')} (default: all)`,
      listParserOf(alertKinds),
    )
    .option(
      '--language <language>',
      `of the messages: ${languageNames.join(', ')} (default: en)`,
      parserOf(channelLanguages),
    )
    .addHelpText(
      'after',
      `
An e-mail address gets one mail, with a link that confirms it, and nothing else until that is done.

Examples:
  $ claviger channel add email alice@mail.example
  $ claviger channel add ntfy https://ntfy.sh/my-secret-topic --kinds KEY_OVERUSED,PUBLIC_KEY_MISMATCH
  $ claviger channel add slack https://hooks.slack.com/services/T000/B000/XXXX`,
    )
    .action(async (kind: ChannelKind, target: string, { kinds, language }: AddFlags) => {
      const vault = await context.openVault()
      const added = await vault.addChannel(kind, target, { kinds, language })
      context.output.result(added, channelLines(added))
      if (!added.isConfirmed) {
        context.output.note(
          'Follow the link in the mail that is sent to this address within 24 hours: nothing else is sent there before.',
        )
      }
    })
}

function addChannelRemoveCommand(channel: Command, context: Context): void {
  channel
    .command('remove')
    .argument('<id>', "the channel's id, from `claviger channel list`")
    .description('send nothing there but one last message that says so, and have the target erased')
    .action(async (id: string) => {
      const vault = await context.openVault()
      const removed = await vault.removeChannel(id)
      context.output.result(removed, channelLines(removed))
    })
}

function channelLines(channel: Channel): string[] {
  const { kinds, isConfirmed, lastDeliveredAt, failingSince, nextAttemptAt, disabledAt } = channel
  return rows([
    ['Channel', channel.id],
    ['Kind', channel.kind.toLowerCase()],
    ['Target', channel.target ?? 'the key server can no longer read it: remove the channel'],
    ['Kinds', kinds === null ? 'all' : kinds.join(', ')],
    ['Language', channel.language.toLowerCase()],
    ['Created', channel.createdAt.toISOString()],
    ['Confirmed', isConfirmed ? 'yes' : 'no: follow the link in the mail'],
    ['Delivered', lastDeliveredAt?.toISOString() ?? 'never'],
    ['Failing since', failingSince?.toISOString() ?? null],
    ['Failure', channel.failure],
    ['Next attempt', nextAttemptAt?.toISOString() ?? null],
    ['Disabled', disabledAt === null ? null : `${disabledAt.toISOString()}: add it again to enable it`],
  ])
}
