/** The members that all traced steps of the database share (OpenTelemetry's semantic conventions). */
export const databaseStep = { isRemote: true, attributes: { 'db.system.name': 'postgresql' } } as const

/** `SELECT alerts` of a statement: what it does and to which table or function, without any of its values. */
export function summaryOf(text: string): string {
  const verb = /[a-z]+/i.exec(text)?.[0] ?? ''
  const target = /\b(?:FROM|INTO|UPDATE)\s+(?!unnest\b|jsonb?_)"?([a-z_]+)/i.exec(text)?.[1]
  return [verb.toUpperCase(), ...(target === undefined ? [] : [target])].join(' ')
}
