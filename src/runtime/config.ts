import { join, resolve } from 'node:path';
import { z } from 'zod';
import { rangesOf } from '../integrations/addresses.ts';
import { StartRefused } from './supervisor/refused.ts';

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
const PORT_MAX = 65_535;

/** What the operator can set; the environment is read here and nowhere else. */
export interface Config {
  /** Port of the API and the pages; 0 takes a free one. */
  readonly port: number;
  /** Port where the worker tells how it fares; 0 takes a free one. */
  readonly workerPort: number;
  /** Absolute path of the folder for all that is kept. */
  readonly dataDir: string;
  /** Absolute path of the folder of the master key and the journal of erasures. */
  readonly keysDir: string;
  /** Absolute path of the folder of the signed heads of the log. */
  readonly proofDir: string;
  /** Absolute path of the folder of the journal of sent effects. */
  readonly effectsDir: string;
  /** The mail server; without one letters wait. */
  readonly smtpUrl: string | undefined;
  /** Who letters are from: an address, or `Name <address>`. */
  readonly mailFrom: string | undefined;
  /** Ranges outside the public network that webhooks may reach, in CIDR notation with commas. */
  readonly webhooksAllow: string | undefined;
  /** An EventStoreDB or KurrentDB to use in place of the embedded node. */
  readonly eventstoreUrl: string | undefined;
  /** A PostgreSQL database to use in place of the embedded Postgres. */
  readonly databaseUrl: string | undefined;
  /** Password of the first admin; without one a random one is made and printed. */
  readonly adminPassword: string | undefined;
  /** IANA name of the zone whose days the business counts in. */
  readonly timeZone: string;
  readonly logLevel: (typeof LOG_LEVELS)[number];
  /** Address of a collector of traces that speaks OTLP over HTTP; undefined gathers none. */
  readonly traceEndpoint: string | undefined;
}

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= PORT_MAX;
const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
const isSmtpUrl = (text: string): boolean => URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol);
const isSender = (text: string): boolean => /^[^\r\n@]*[^\s@]@[^\s@<>]+>?$/.test(text);
const isPostgresUrl = (text: string): boolean => URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol);
/** Several hosts may stand in it, so it is no URL; the client says the rest when it connects. */
const isEventStoreUrl = (text: string): boolean => /^esdb(\+discover)?:\/\/\S+$/.test(text);

function isRanges(text: string): boolean {
  try {
    return rangesOf(text).length > 0;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const said = ({ input }: { input?: unknown }): string => `, not ${JSON.stringify(input)}`;

// URLs may hold passwords, so a message never repeats them.
const Environment = z.object({
  PORT: z
    .string()
    .refine(isPort, { error: issue => `PORT must be a whole number from 0 to ${PORT_MAX}${said(issue)}.` })
    .transform(Number)
    .default(3_000),
  THROUGHLINE_WORKER_PORT: z
    .string()
    .refine(isPort, { error: issue => `THROUGHLINE_WORKER_PORT must be a whole number from 0 to ${PORT_MAX}${said(issue)}.` })
    .transform(Number)
    .default(0),
  THROUGHLINE_DATA: z.string().default('./var'),
  THROUGHLINE_KEYS: z.string().optional(),
  THROUGHLINE_PROOF: z.string().optional(),
  EVENTSTORE_URL: z
    .string()
    .refine(isEventStoreUrl, { error: 'EVENTSTORE_URL must be a connection string such as esdb://host:2113?tls=false.' })
    .optional(),
  DATABASE_URL: z
    .string()
    .refine(isPostgresUrl, { error: 'DATABASE_URL must be an address such as postgres://user:password@host:5432/database.' })
    .optional(),
  THROUGHLINE_EFFECTS: z.string().optional(),
  SMTP_URL: z.string().refine(isSmtpUrl, { error: 'SMTP_URL must be an address such as smtps://user:password@host:465.' }).optional(),
  MAIL_FROM: z
    .string()
    .refine(isSender, { error: issue => `MAIL_FROM must be an address such as Sales <sales@firm.example>${said(issue)}.` })
    .optional(),
  WEBHOOKS_ALLOW: z
    .string()
    .refine(isRanges, { error: issue => `WEBHOOKS_ALLOW must list ranges such as 10.1.0.0/16, fd00::/8${said(issue)}.` })
    .optional(),
  THROUGHLINE_ADMIN_PASSWORD: z.string().optional(),
  THROUGHLINE_TIME_ZONE: z
    .string()
    .refine(isTimeZone, { error: issue => `THROUGHLINE_TIME_ZONE must be a time zone such as Europe/Bucharest${said(issue)}.` })
    .default('Europe/Bucharest'),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .string()
    .refine(isHttpUrl, { error: 'OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://127.0.0.1:4318.' })
    .optional(),
  LOG_LEVEL: z.enum(LOG_LEVELS, { error: issue => `LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}${said(issue)}.` }).default('info'),
});

/** @throws StartRefused with one sentence about the first value that will not do */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  // A variable set to nothing is a variable not set, as in a shell's `${NAME:-default}`.
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { data, error } = Environment.safeParse(set);
  if (error) throw new StartRefused(error.issues[0]?.message ?? error.message);
  if (data.SMTP_URL !== undefined && data.MAIL_FROM === undefined)
    throw new StartRefused('SMTP_URL is set but MAIL_FROM is not: letters need a sender.');
  return {
    port: data.PORT,
    workerPort: data.THROUGHLINE_WORKER_PORT,
    dataDir: resolve(data.THROUGHLINE_DATA),
    keysDir: resolve(data.THROUGHLINE_KEYS ?? join(data.THROUGHLINE_DATA, 'keys')),
    effectsDir: resolve(data.THROUGHLINE_EFFECTS ?? join(data.THROUGHLINE_DATA, 'effects')),
    smtpUrl: data.SMTP_URL,
    mailFrom: data.MAIL_FROM,
    webhooksAllow: data.WEBHOOKS_ALLOW,
    proofDir: resolve(data.THROUGHLINE_PROOF ?? join(data.THROUGHLINE_DATA, 'proof')),
    eventstoreUrl: data.EVENTSTORE_URL,
    databaseUrl: data.DATABASE_URL,
    adminPassword: data.THROUGHLINE_ADMIN_PASSWORD,
    timeZone: data.THROUGHLINE_TIME_ZONE,
    logLevel: data.LOG_LEVEL,
    traceEndpoint: data.OTEL_EXPORTER_OTLP_ENDPOINT,
  };
}
