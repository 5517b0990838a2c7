import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { Client, ImportStopped } from '../../src/cli/importing/client.ts';

let server: Server | undefined;
afterEach(() => server?.close());

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

function serve(answer: Answering, port = 0): Promise<number> {
  const listening = createServer(answer);
  server = listening;
  return new Promise(resolve => listening.listen(port, '127.0.0.1', () => resolve((listening.address() as AddressInfo).port)));
}

const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void =>
  void response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
const row = { path: '/accounts', key: 'import:test:accounts:1', body: {}, awaits: false };

describe('the importer', () => {
  test('waits for a server that is stopped in the middle, and asks again under the same key', async () => {
    const keys: unknown[] = [];
    const port = await serve((request, response) => {
      keys.push(request.headers['idempotency-key']);
      response.destroy();
    });
    const answer = new Client(`http://127.0.0.1:${port}`, 'k').post(row);
    while (keys.length < 2) await new Promise(resolve => setTimeout(resolve, 10));
    server?.close();
    await new Promise(resolve => setTimeout(resolve, 300));
    await serve((request, response) => {
      keys.push(request.headers['idempotency-key']);
      json(response, 201, { id: 'A1', position: '5' }, { 'Idempotency-Replayed': 'true' });
    }, port);
    expect(await answer).toMatchObject({ status: 201, repeated: true, body: { id: 'A1' } });
    expect(new Set(keys)).toEqual(new Set([row.key]));
  });

  test('asks again while the server is busy, and for what the house is still making', async () => {
    const statuses = [503, 429, 404, 201];
    const port = await serve((_, response) => json(response, statuses.shift() ?? 500, { id: 'A1' }));
    expect(await new Client(`http://127.0.0.1:${port}`, 'k').post({ ...row, awaits: true })).toMatchObject({ status: 201 });
    expect(statuses).toEqual([]);
  });

  test('stops with a sentence when its key opens nothing', async () => {
    const port = await serve((_, response) => json(response, 401, { detail: 'Sign in first.' }));
    await expect(new Client(`http://127.0.0.1:${port}`, 'k').post(row)).rejects.toThrow(ImportStopped);
  });

  test('shows the steps that follow what the steps before have written', async () => {
    const tokens: unknown[] = [];
    const port = await serve((request, response) => {
      tokens.push(request.headers['consistency-token']);
      const position = String(10 - tokens.length);
      json(response, 201, { id: 'A1', position }, { 'Consistency-Token': `token-${position}` });
    });
    const client = new Client(`http://127.0.0.1:${port}`, 'k');
    await client.post(row);
    await client.post(row);
    client.see();
    await client.post(row);
    expect(tokens).toEqual([undefined, undefined, 'token-9']);
  });
});
