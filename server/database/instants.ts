/** The object id of the type timestamptz. */
const timestamptz = 1184

/** PostgreSQL's own form of an instant under DateStyle ISO. A year that has more than four digits is none of ours. */
const isoInstant = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d\d(?::\d\d){0,2})$/

/**
 * Reads an instant as PostgreSQL writes it, and refuses any other form: "05/03/2027" is another day to whoever reads it than
 * to whoever wrote it.
 *
 * @throws Error when it was written under another DateStyle
 */
export function parseInstant(text: string): Date {
  const [, date, time, zone = ''] = isoInstant.exec(text) ?? []
  const instant = new Date(`${date ?? ''}T${time ?? ''}${zone.length === 3 ? `${zone}:00` : zone}`)
  if (Number.isNaN(instant.getTime())) {
    throw Object.assign(new Error('The database wrote an instant in another form than ISO 8601.'), {
      code: 'DATE_STYLE',
    })
  }
  return instant
}

/**
 * Makes a pool read instants by {@link parseInstant}. Drizzle would take whatever text comes, and says so to each pool that it
 * is given; of us it takes the instant.
 */
export function readInstants({ parsers }: { readonly parsers: object }): void {
  Object.defineProperty(parsers, timestamptz, { get: () => parseInstant, set: () => undefined })
}
