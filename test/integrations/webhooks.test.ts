import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Address, isPublic, rangesOf } from '../../src/integrations/addresses.ts';
import { webhooks } from '../../src/integrations/webhooks.ts';
import type { Answer } from '../../src/kernel/effect.ts';
import { type HttpReceiver, httpReceiver } from '../effects/receivers.ts';

const SECRET = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const loopback = rangesOf('127.0.0.0/8');
const never = new AbortController().signal;
const noticeTo = (url: string, personal = false) => ({ url, body: '{}', secrets: [SECRET], personal });

describe('an address of the inside', () => {
  test.each([
    '127.0.0.1',
    '0.0.0.0',
    '10.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '192.0.2.1',
    '198.18.0.1',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    'fc00::1',
    'fd12:3456::1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001::1',
    '100::1',
  ])('%s is not public', address => {
    expect(isPublic(address)).toBe(false);
  });

  test.each(['8.8.8.8', '1.1.1.1', '2606:4700:4700::1111', '::ffff:8.8.8.8'])('%s is public', address => {
    expect(isPublic(address)).toBe(true);
  });
});

describe('a webhook', () => {
  let inside: Server;
  let hits = 0;
  let port: number;

  beforeAll(async () => {
    inside = createServer(socket => {
      hits++;
      socket.destroy();
    });
    // Without a host it listens on all addresses of this machine, IPv6 among them.
    await new Promise<void>(resolve => inside.listen(0, resolve));
    port = (inside.address() as AddressInfo).port;
  });

  afterAll(() => new Promise<void>(resolve => inside.close(() => resolve())));

  /** A name server that knows one name; others it leaves to be found out. */
  const knows = (addresses: readonly string[]) => async (): Promise<readonly Address[]> =>
    addresses.map(address => ({ address, family: address.includes(':') ? 6 : 4 }));

  test.each([
    'http://127.0.0.1:PORT/',
    'http://127.1:PORT/',
    'http://0x7f000001:PORT/',
    'http://2130706433:PORT/',
    'http://0177.0.0.1:PORT/',
    'http://0.0.0.0:PORT/',
    'http://[::1]:PORT/',
    'http://[::]:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://localhost:PORT/',
    'https://localhost:PORT/',
    'https://127.0.0.1:PORT/',
    'http://user@127.0.0.1:PORT/',
  ])('never connects to %s', async url => {
    const before = hits;
    const answer = await webhooks({ allow: rangesOf('203.0.113.0/24') })('id', noticeTo(url.replace('PORT', String(port))), never);
    expect([answer.kind, hits - before]).toEqual(['failed', 0]);
  });

  test.each(['file:///etc/passwd', 'gopher://127.0.0.1:1/_x', 'data:text/plain,x', 'ftp://127.0.0.1/'])('never opens %s', async url => {
    const resolve = knows(['127.0.0.1']);
    expect(await webhooks({ allow: loopback, resolve })('id', noticeTo(url), never)).toMatchObject({ kind: 'failed' });
  });

  test('to a user, or to another port than 443 outside, is not sent', async () => {
    const outside = webhooks({ allow: [], resolve: knows(['8.8.8.8']), timeoutMs: 1_000 });
    expect(await outside('id', noticeTo('https://user@shop.example/'), never)).toMatchObject({ problem: 'The URL names a user.' });
    expect(await outside('id', noticeTo('https://shop.example:6379/'), never)).toMatchObject({ problem: expect.stringContaining('6379') });
    expect(await outside('id', noticeTo('http://shop.example/'), never)).toMatchObject({ problem: expect.stringContaining('http:') });
  });

  test.each([['127.0.0.1'], ['10.0.0.7'], ['8.8.8.8', '127.0.0.1'], ['::ffff:127.0.0.1'], ['64:ff9b::7f00:1']])(
    'by a name that leads to %s is not sent',
    async (...addresses) => {
      const guarded = webhooks({ allow: [], resolve: knows(addresses) });
      expect(await guarded('id', noticeTo('https://shop.example/'), never)).toMatchObject({
        problem: 'The host is not in the public network, so nothing was sent.',
      });
    },
  );

  test('whose name cannot be found now is sent when it can', async () => {
    const receiver = await httpReceiver();
    let found = false;
    const resolve = () =>
      found ? knows(['127.0.0.1'])() : Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    const sending = webhooks({ allow: loopback, resolve });
    const notice = noticeTo(`http://shop.example:${new URL(receiver.url).port}/`);
    expect(await sending('id', notice, never)).toEqual({ kind: 'failed', problem: 'ENOTFOUND: no such name', blames: 'destination' });
    found = true;
    expect(await sending('id', notice, never)).toMatchObject({ kind: 'taken' });
    await receiver.close();
  });

  test('goes to the very address that was checked, though its name leads elsewhere a moment later', async () => {
    const receiver = await httpReceiver();
    const { port: open } = new URL(receiver.url);
    let asked = 0;
    const resolve = () => knows([asked++ === 0 ? '127.0.0.1' : '169.254.169.254'])();
    const sending = webhooks({ allow: loopback, resolve });
    expect(await sending('id', noticeTo(`http://rebind.example:${open}/`), never)).toMatchObject({ kind: 'taken' });
    expect([asked, receiver.connections]).toEqual([1, 1]);
    expect(await sending('id', noticeTo(`http://rebind.example:${open}/`), never)).toMatchObject({ kind: 'failed' });
    expect(receiver.connections).toBe(1);
    await receiver.close();
  });
});

describe('a receiver', () => {
  let receiver: HttpReceiver;
  const send = (url = receiver.url, personal = false): Promise<Answer> =>
    webhooks({ allow: loopback, timeoutMs: 500 })('message-1', noticeTo(url, personal), never);

  beforeAll(async () => {
    receiver = await httpReceiver();
  });
  afterAll(() => receiver.close());

  test('that fails is tried later, and what it said is kept', async () => {
    receiver.answer = response => response.writeHead(500).end('out of ink');
    expect(await send()).toEqual({ kind: 'failed', problem: '500: out of ink', blames: 'destination' });
  });

  test('that says when to come back is asked no sooner', async () => {
    receiver.answer = response => response.writeHead(429, { 'Retry-After': '120' }).end();
    expect(await send()).toMatchObject({ retryAfterMs: 120_000 });
    receiver.answer = response => response.writeHead(503, { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() }).end();
    expect((await send()) as { retryAfterMs: number }).toMatchObject({ retryAfterMs: expect.closeTo(60_000, -4) });
  });

  test('that wants nothing any more is told nothing any more', async () => {
    receiver.answer = response => response.writeHead(410).end();
    expect(await send()).toMatchObject({ kind: 'gone' });
  });

  test('that points elsewhere is not followed', async () => {
    const elsewhere = await httpReceiver();
    receiver.answer = response => response.writeHead(302, { Location: elsewhere.url }).end();
    expect(await send()).toMatchObject({ kind: 'failed', problem: expect.stringContaining('302') });
    expect(elsewhere.connections).toBe(0);
    await elsewhere.close();
  });

  test('that answers without end is heard for two kilobytes, and its status counts', async () => {
    let written = 0;
    receiver.answer = response => {
      response.writeHead(200);
      const chunk = Buffer.alloc(65_536, 'x');
      const pour = (): void => {
        while (!response.destroyed && written < 2 ** 30 && response.write(chunk)) written += chunk.length;
      };
      response.on('drain', pour);
      pour();
    };
    expect(await send()).toMatchObject({ kind: 'taken', answer: expect.stringMatching(/^200: x{300}$/) });
    expect(written).toBeLessThan(2 ** 24);
  });

  test('that takes the message and says nothing is given up on after the time-out', async () => {
    receiver.answer = () => undefined;
    expect(await send()).toMatchObject({ kind: 'failed', problem: expect.stringContaining('no answer within 0.5 seconds') });
  });

  test('that cannot prove who it is hears nothing', async () => {
    const before = receiver.received.length;
    expect(await send(receiver.url.replace('http:', 'https:'))).toMatchObject({ kind: 'failed', blames: 'destination' });
    expect(receiver.received).toHaveLength(before);
  });

  test('that hears of persons is not quoted', async () => {
    receiver.answer = (response, { body }) => response.writeHead(500).end(`cannot take ${body} of ada@person.example`);
    expect(await send(receiver.url, true)).toMatchObject({ problem: '500' });
  });
});
