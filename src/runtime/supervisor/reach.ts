import pg from 'pg';
import { StartRefused } from './refused.ts';

const PATIENCE_MS = 8_000;

/** @throws StartRefused when no PostgreSQL answers at the address, or when it lets us in for nothing */
export async function reachDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS, query_timeout: PATIENCE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
  } catch (error) {
    throw new StartRefused(`DATABASE_URL: PostgreSQL at ${placeOf(url)} cannot be used: ${reasonOf(error)}.`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @throws StartRefused when no EventStoreDB answers at the address */
export async function reachEventStore(url: string): Promise<void> {
  // Loading the client takes half a second; who uses the embedded node need not wait for it.
  const { connectEventLog } = await import('../event-log/eventstore.ts');
  try {
    const log = connectEventLog({ url, deadlineMs: PATIENCE_MS });
    await log.head().finally(() => log.close());
  } catch (error) {
    throw new StartRefused(`EVENTSTORE_URL: EventStoreDB at ${placeOf(url)} cannot be used: ${reasonOf(error)}.`);
  }
}

/** The address without user, password and options. */
const placeOf = (url: string): string => url.replace(/^[^:]+:\/\/([^/@]*@)?/, '').replace(/\?.*$/, '');

/** A refused connection is several errors in one without words of its own, one for each address of the host. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors[0]);
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '');
}
