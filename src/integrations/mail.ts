/** Mail through an SMTP server (RFC 5321). */
import { createTransport } from 'nodemailer';
import type { Adapter, Answer, Letter } from '../kernel/effect.ts';

export interface MailOptions {
  /** `smtp://…` or `smtps://…`, as nodemailer reads it: user, password, host, port and its options. */
  readonly url: string;
  /** Who the letters are from: an address, or `Name <address>`. */
  readonly from: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 20_000;

export function mailer({ url, from }: MailOptions): Adapter<Letter> {
  const transport = createTransport({
    url,
    connectionTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = /@([^\s<>@]+)>?\s*$/.exec(from)?.[1] ?? 'localhost';
  return async (id, { to, subject, text }) => {
    try {
      // The same id in each try, so that whoever gets the letter twice sees that it is one.
      const { response } = await transport.sendMail({ from, to: [...to], subject, text, messageId: `<${id}@${domain}>` });
      return { kind: 'taken', answer: withoutReaders(response, to) };
    } catch (error) {
      return meaningOf(error, to);
    }
  };
}

interface SmtpError extends Error {
  readonly code?: string;
  readonly responseCode?: number;
}

/** Errors that speak of this letter and its readers; all others speak of the server or the way to it. */
const ABOUT_THE_LETTER = ['EENVELOPE', 'EMESSAGE'];
const PERMANENT = 500;

function meaningOf(error: unknown, to: Letter['to']): Answer {
  const { code = '', responseCode, message } = error as SmtpError;
  const problem = withoutReaders(code === '' ? message : `${code}: ${message}`, to);
  if (!ABOUT_THE_LETTER.includes(code)) return { kind: 'failed', problem, blames: 'destination' };
  // Without a code of the server the letter itself is at fault: it has no reader, or an unreadable one.
  if (responseCode === undefined || responseCode >= PERMANENT) return { kind: 'refused', problem };
  return { kind: 'failed', problem, blames: 'content' };
}

const ADDRESS = /[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/g;

/** What servers say repeats addresses, whole or the name before the @; both belong to people. */
function withoutReaders(text: string, to: Letter['to']): string {
  const names = to.map(address => address.split('@')[0] ?? '').filter(name => name.length > 2);
  return names.reduce((rest, name) => rest.replaceAll(name, '(reader)'), text.replace(ADDRESS, '(address)'));
}
