/** The object id of the type timestamptz. */
const timestamptz = 1184

/** PostgreSQL's form of an instant under DateStyle ISO. No year of ours has more than four digits. */
const isoInstant = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,6})?)([+-]\d\d(?::\d\d){0,2})$/

/**
 * Reads an instant as PostgreSQL writes it, and refuses any other form: "05/03/2027" may be one day to its writer and another
 * to its reader.
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
 * Makes a pool read instants by {@link parseInstant}. Drizzle makes each pool that it is given return their text, and parses
 * that itself, in whatever form it comes; it accepts a date as well.
 */
export function readInstants({ parsers }: { readonly parsers: object }): void {
  Object.defineProperty(parsers, timestamptz, { get: () => parseInstant, set: () => undefined })
}
