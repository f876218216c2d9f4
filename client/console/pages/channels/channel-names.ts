/** The names of the kinds of channels, which are the same in every language. */
export const channelNames: ReadonlyMap<string, string> = new Map([
  ['EMAIL', 'E-mail'],
  ['SLACK', 'Slack'],
  ['TEAMS', 'Teams'],
  ['DISCORD', 'Discord'],
  ['NTFY', 'ntfy'],
])
