import postgres from 'postgres'

/** Lets the database believe that its clock has been as it is now for long enough to remove what has expired by now. */
export async function settleClock(sql: postgres.Sql): Promise<void> {
  const [seen] = await sql<{ first: string; last: string; clock: string }[]>`
    SELECT newest + 1 AS first, newest + 1 + settling_ms() AS last, clock_timestamp()::text AS clock
    FROM (SELECT coalesce(max(elapsed_ms), 0) AS newest FROM clock_sightings) AS sighted`
  if (seen === undefined) throw new TypeError('The clock was read.')
  const { first, last, clock } = seen
  await sql`INSERT INTO clock_sightings (elapsed_ms, clock) VALUES (${first}, ${clock}), (${last}, ${clock})`
}

/** Connections to a database whose clock is wrong for them alone. */
export interface WrongClock {
  readonly sql: postgres.Sql
  /** Sets how far the clock is ahead, in PostgreSQL's words; behind, with a minus. */
  set(interval: string): Promise<void>
  close(): Promise<void>
}

/**
 * One connection that sees another time: what it runs, it runs as a server would whose PostgreSQL's clock was set. Functions
 * of the same names stand before PostgreSQL's own in its search path.
 */
export async function openWrongClock(databaseUrl: string): Promise<WrongClock> {
  const sql = postgres(databaseUrl, {
    max: 1,
    max_lifetime: null,
    connect_timeout: 10,
    connection: { application_name: 'wrong clock', statement_timeout: 15_000 },
    onnotice: () => undefined,
  })
  await sql`CREATE SCHEMA IF NOT EXISTS wrong_clock`
  await sql`
    CREATE OR REPLACE FUNCTION wrong_clock.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + current_setting(''wrong_clock.ahead'')::interval'`
  await sql`
    CREATE OR REPLACE FUNCTION wrong_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT pg_catalog.statement_timestamp() + current_setting(''wrong_clock.ahead'')::interval'`
  await sql`SELECT set_config('search_path', 'wrong_clock,public,pg_catalog', false)`
  const set = async (interval: string): Promise<void> => {
    await sql`SELECT set_config('wrong_clock.ahead', ${interval}, false)`
  }
  await set('0')
  return { sql, set, close: () => sql.end({ timeout: 2 }) }
}
