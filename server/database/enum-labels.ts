/**
 * Statements of migrations, with the labels that later ones add to an enum in the statement that creates it. Before version 17
 * PostgreSQL lets no transaction use a label that it added itself, also to a type of its own, and rows that are restored in
 * the transaction of the migrations may have it.
 *
 * A type that was there before keeps its `ALTER TYPE`.
 */
export function mergeEnumLabels(statements: readonly string[]): string[] {
  const merged = [...statements]
  for (const [index, statement] of statements.entries()) {
    const [, type, label] = /^ALTER TYPE (\S+) ADD VALUE ('[^']*');?$/.exec(statement.trim()) ?? []
    if (type === undefined || label === undefined) continue
    const creation = merged.findIndex((earlier) => earlier.trim().startsWith(`CREATE TYPE ${type} AS ENUM(`))
    const created = merged[creation]
    if (created === undefined || creation > index) continue
    merged[creation] = created.replace(/\);?\s*$/, `, ${label});`)
    merged[index] = ''
  }
  return merged.filter((statement) => statement !== '')
}
