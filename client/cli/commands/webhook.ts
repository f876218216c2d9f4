import type { Command } from 'commander'
import type { Vault, Webhook } from '../../index.ts'
import type { Context } from '../context.ts'
import { rows } from '../key-text.ts'
import { listParserOf } from '../options.ts'
import { alertKinds, type AlertKind } from '../../../schema/wire/enums.ts'

/** `claviger webhook …`: URLs to which the key server posts alerts. */
export function addWebhookCommands(program: Command, context: Context): void {
  const webhook = program
    .command('webhook')
    .description('have alerts posted to URLs, and see whether they arrive')
  addWebhookListCommand(webhook, context)
  addWebhookSetCommand(webhook, context)
  addWebhookRemoveCommand(webhook, context)
  addWebhookRedeliverCommand(webhook, context)
}

function addWebhookListCommand(webhook: Command, context: Context): void {
  webhook
    .command('list')
    .description('list the webhooks of the account, oldest first, and how they do')
    .action(async () => {
      const vault = await context.openVault()
      const webhooks = await vault.webhooks()
      const lines = webhooks.map((shown) => webhookLines(shown).join('\n')).join('\n\n')
      context.output.result({ webhooks }, [webhooks.length === 0 ? 'No webhooks.' : lines])
    })
}

interface SetFlags {
  readonly kinds?: readonly AlertKind[]
  readonly renewSecret?: boolean
}

function addWebhookSetCommand(webhook: Command, context: Context): void {
  webhook
    .command('set')
    .argument('<url>', 'where to post alerts: https, and reachable from the internet')
    .description('have the alerts to come posted there; for a URL that is set already, change the kinds')
    .option(
      '--kinds <kinds>',
      `only these: ${alertKinds.join(', ')} (default: all)`,
      listParserOf(alertKinds),
    )
    .option(
      '--renew-secret',
      'replace the secret of a webhook that exists, at once; its kinds stay unless given',
    )
    .addHelpText(
      'after',
      `
The secret, with which the receiver checks the messages, is shown once: when it is new.

Examples:
  $ claviger webhook set https://hooks.example/claviger
  $ claviger webhook set https://hooks.example/claviger --kinds KEY_OVERUSED,PUBLIC_KEY_MISMATCH`,
    )
    .action(async (url: string, { kinds: given, renewSecret }: SetFlags) => {
      const vault = await context.openVault()
      // Without --kind, a new secret alone does not change which alerts are posted.
      const kinds = given ?? (renewSecret === true ? await kindsOf(vault, url) : undefined)
      const { webhook: set, secret } = await vault.setWebhook(url, { kinds, renewSecret })
      context.output.result({ ...set, secret }, [...webhookLines(set), ...rows([['Secret', secret]])])
      context.output.note(
        secret === null
          ? 'It was set already, and has the secret that was shown then; --renew-secret makes another.'
          : 'Give the secret to the receiver: it is not shown again.',
      )
    })
}

/** Undefined: all, or there is no such webhook. */
async function kindsOf(vault: Vault, url: string): Promise<AlertKind[] | undefined> {
  const known = (await vault.webhooks()).find((webhook) => webhook.url === url)
  return known?.kinds ? alertKinds.filter((kind) => known.kinds?.includes(kind)) : undefined
}

function addWebhookRemoveCommand(webhook: Command, context: Context): void {
  webhook
    .command('remove')
    .argument('<id>', "the webhook's id, from `claviger webhook list`")
    .description('post nothing more there, and forget what was not delivered')
    .action(async (id: string) => {
      const vault = await context.openVault()
      showWebhook(await vault.removeWebhook(id), context)
    })
}

function addWebhookRedeliverCommand(webhook: Command, context: Context): void {
  webhook
    .command('redeliver')
    .argument('<id>', "the webhook's id, from `claviger webhook list`")
    .description('try at once what waits, and once more what was given up; enables it after a 410')
    .action(async (id: string) => {
      const vault = await context.openVault()
      showWebhook(await vault.redeliverWebhook(id), context)
    })
}

function showWebhook(webhook: Webhook, { output }: Context): void {
  output.result(webhook, webhookLines(webhook))
}

function webhookLines(webhook: Webhook): string[] {
  const { kinds, lastDeliveredAt, failingSince, nextAttemptAt, disabledAt, deadLetterCount } = webhook
  return rows([
    ['Webhook', webhook.id],
    ['URL', webhook.url],
    ['Kinds', kinds === null ? 'all' : kinds.join(', ')],
    ['Created', webhook.createdAt.toISOString()],
    ['Delivered', lastDeliveredAt?.toISOString() ?? 'never'],
    ['Failing since', failingSince?.toISOString() ?? null],
    ['Failure', webhook.failure],
    ['Next attempt', nextAttemptAt?.toISOString() ?? null],
    ['Disabled', disabledAt === null ? null : `${disabledAt.toISOString()}: the receiver answered 410 Gone`],
    ['Given up', deadLetterCount === 0 ? null : `${deadLetterCount} alert(s)`],
  ])
}
