import { createServer } from 'node:net';

const HOST = '127.0.0.1';
/**
 * Below the ports the system gives to outgoing connections (32768 and up on Linux, 49152 elsewhere): while a server is down,
 * a client that keeps trying to reconnect could otherwise be given that very port, connect to itself and hold it.
 */
const FIRST = 20_000;
const COUNT = 12_000;
const ATTEMPTS_MAX = 100;

/** Why nothing can listen on this port (EADDRINUSE, EACCES …), or undefined when something can. */
export function hindranceTo(port: number): Promise<string | undefined> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', error => resolve((error as NodeJS.ErrnoException).code ?? error.message));
    server.listen({ port, host: HOST, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** A loopback port on which nothing listens; `preferred` when that is free. */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await hindranceTo(preferred)) === undefined) return preferred;
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if ((await hindranceTo(port)) === undefined) return port;
  }
  throw new Error(`no free port between ${FIRST} and ${FIRST + COUNT} in ${ATTEMPTS_MAX} attempts`);
}
