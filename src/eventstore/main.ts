/**
 * The embedded node as a process. Reads DATABASE_URL and NODE_PORT (0 = a free port), prints `{"listening":PORT}` when it
 * serves, and ends with SIGTERM, SIGINT or its parent.
 */
import { fstatSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { logVerbosity, setLogVerbosity } from '@grpc/grpc-js';
import { type Node, startNode } from './server.ts';

const STOP_MS = 5_000;
/** Whoever ends instead of waiting is started again with growing pauses, and takes longer in the end. */
const START_PATIENCE_MS = 15_000;
const START_RETRY_MS = 250;

async function main(): Promise<void> {
  // What goes wrong is told in one sentence of ours, not in the library's lines beside it.
  setLogVerbosity(logVerbosity.NONE);
  const databaseUrl = process.env.DATABASE_URL;
  const port = Number(process.env.NODE_PORT ?? '0');
  if (!databaseUrl) throw new Error('DATABASE_URL is not set: the event store needs a PostgreSQL database.');
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`NODE_PORT must be a port number, not "${process.env.NODE_PORT}".`);
  let ended = false;
  let stop = async () => {};
  const end = () => {
    if (ended) return;
    ended = true;
    // Whatever hangs, the process goes: what was acknowledged is flushed already.
    setTimeout(() => process.exit(1), STOP_MS).unref();
    stop().then(() => process.exit(0));
  };
  process.on('SIGTERM', end).on('SIGINT', end);
  endWithParent(end);
  const node = await startPatiently({ databaseUrl, port });
  stop = node.stop;
  if (ended) return void stop().then(() => process.exit(0));
  process.stdout.write(`${JSON.stringify({ listening: node.port })}\n`);
}

/** A Postgres that is on its way up, mostly after a crash, is waited for. @throws what startNode throws */
async function startPatiently(options: Parameters<typeof startNode>[0]): Promise<Node> {
  const giveUpAt = performance.now() + START_PATIENCE_MS;
  for (;;) {
    try {
      return await startNode(options);
    } catch (error) {
      if (!isComingUp(error) || performance.now() > giveUpAt) throw error;
      await sleep(START_RETRY_MS);
    }
  }
}

/** 57P03: it starts, recovers or stops. A connection that breaks was to a server in the middle of a crash. */
const isComingUp = (error: unknown): boolean =>
  error instanceof Error &&
  (['57P03', '57P01', '57P02', 'ECONNRESET'].includes(String((error as { code?: string }).code)) ||
    error.message === 'Connection terminated unexpectedly');

/** A parent that dies closes its end of the channel or pipe. A terminal or /dev/null as standard input says nothing. */
function endWithParent(end: () => void): void {
  if (process.channel) {
    process.on('disconnect', end);
    return;
  }
  const stdin = fstatSync(0);
  if (stdin.isFIFO() || stdin.isSocket()) process.stdin.on('end', end).on('error', end).resume();
}

main().catch((error: unknown) => {
  process.stderr.write(`The event store cannot start: ${sentence(error)}\n`);
  process.exit(1);
});

function sentence(error: unknown): string {
  // A refused connection is an AggregateError without a message of its own (one per address).
  if (error instanceof AggregateError) return sentence(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
