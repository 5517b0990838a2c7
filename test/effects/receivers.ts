/** Programs on this machine that receive what the house sends, and remember it. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { SMTPServer } from 'smtp-server';

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface HttpReceiver {
  readonly url: string;
  readonly received: Received[];
  /** Connections that were opened, also those over which nothing came. */
  connections: number;
  /** How it answers; 204 unless said otherwise. */
  answer: (response: ServerResponse, received: Received) => void;
  /** Resolves with what pleases once it has come. */
  until(pleases: (received: Received) => boolean): Promise<Received>;
  close(): Promise<void>;
}

const PATIENCE_MS = 15_000;
const PAUSE_MS = 20;

export async function eventually<Value>(look: () => Value | undefined | Promise<Value | undefined>, what: string): Promise<Value> {
  const giveUp = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > giveUp) throw new Error(`${what} never came`);
    await new Promise(resolve => setTimeout(resolve, PAUSE_MS));
  }
}

export async function httpReceiver(): Promise<HttpReceiver> {
  const server = createServer(async (request, response) => {
    const got = { headers: request.headers, body: (await buffer(request)).toString('utf8') };
    receiver.received.push(got);
    receiver.answer(response, got);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const receiver: HttpReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received: [],
    connections: 0,
    answer: response => response.writeHead(204).end(),
    until: pleases => eventually(() => receiver.received.find(pleases), 'The message'),
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  server.on('connection', () => receiver.connections++);
  return receiver;
}

export interface ReceivedLetter {
  readonly from: string;
  readonly to: readonly string[];
  /** As it came over the wire. */
  readonly raw: string;
}

export interface MailReceiver {
  readonly url: string;
  readonly letters: ReceivedLetter[];
  /** The SMTP answer to a recipient, such as 550; undefined takes them. */
  refuse: (address: string) => number | undefined;
  until(pleases: (letter: ReceivedLetter) => boolean): Promise<ReceivedLetter>;
  close(): Promise<void>;
}

export async function mailReceiver(): Promise<MailReceiver> {
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS'],
    logger: false,
    onRcptTo: ({ address }, _session, answer) => {
      const responseCode = receiver.refuse(address);
      answer(
        responseCode === undefined
          ? undefined
          : Object.assign(new Error(`no such mailbox as ${address}, no ${address.split('@')[0]} here`), { responseCode }),
      );
    },
    onData: (stream, session, answer) => {
      buffer(stream).then(raw => {
        const { mailFrom, rcptTo } = session.envelope;
        receiver.letters.push({
          from: mailFrom === false ? '' : mailFrom.address,
          to: rcptTo.map(({ address }) => address),
          raw: raw.toString('utf8'),
        });
        answer();
      }, answer);
    },
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const receiver: MailReceiver = {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    letters: [],
    refuse: () => undefined,
    until: pleases => eventually(() => receiver.letters.find(pleases), 'The letter'),
    close: () => new Promise(resolve => server.close(() => resolve())),
  };
  return receiver;
}
