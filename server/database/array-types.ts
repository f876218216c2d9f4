/**
 * How arrays are sent. postgres.js would ask each new connection for the array types of its database, and when the
 * connection is lost just then the rejection belongs to nobody and ends the process; so `fetch_types` is off, and the
 * arrays that our statements take are named here. Object ids of built-in types never change.
 */
export const arrayTypes = {
  textArray: { to: 1009, from: [], serialize: toArrayLiteral, parse: asIs },
  uuidArray: { to: 2951, from: [], serialize: toArrayLiteral, parse: asIs },
}

/** PostgreSQL's text form of an array of texts. Drizzle brings a literal of its own, which is left as it is. */
function toArrayLiteral(value: unknown): unknown {
  if (!Array.isArray(value)) return value
  return `{${value.map((element) => (element === null ? 'NULL' : quote(String(element)))).join(',')}}`
}

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`
}

function asIs(value: unknown): unknown {
  return value
}
