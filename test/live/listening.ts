/** A reader of the live feed, as a browser's EventSource reads it. */
export interface Heard {
  readonly id: string;
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it arrived, in milliseconds since the epoch. */
  readonly at: number;
}

export interface Listening {
  readonly status: number;
  readonly heard: readonly Heard[];
  /** Last id that came, with a message or alone. */
  lastId(): string;
  /** Waits for a message that pleases. */
  until(pleases: (heard: Heard) => boolean): Promise<Heard>;
  /** Settles when the server has ended the feed. */
  readonly ended: Promise<void>;
  stop(): void;
}

const PATIENCE_MS = 10_000;

export async function listenTo(
  url: string,
  bearer: string,
  { query = '', after }: { readonly query?: string; readonly after?: string } = {},
): Promise<Listening> {
  const stopping = new AbortController();
  const response = await fetch(`${url}/api/v1/feed${query}`, {
    signal: stopping.signal,
    headers: { Authorization: `Bearer ${bearer}`, Accept: 'text/event-stream', ...(after === undefined ? {} : { 'Last-Event-ID': after }) },
  });
  const heard: Heard[] = [];
  let lastId = '';
  let wake = (): void => undefined;
  const take = (block: string): void => {
    const fields = new Map(block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)] as const));
    lastId = fields.get('id') ?? lastId;
    const data = fields.get('data');
    if (data !== undefined) heard.push({ id: lastId, event: fields.get('event') ?? 'message', data: JSON.parse(data), at: Date.now() });
    wake();
  };
  const ended = read(response, take).catch(() => undefined);
  const until = async (pleases: (heard: Heard) => boolean): Promise<Heard> => {
    const giveUp = performance.now() + PATIENCE_MS;
    for (;;) {
      const found = heard.find(pleases);
      if (found !== undefined) return found;
      if (performance.now() > giveUp) throw new Error(`Never heard; but: ${JSON.stringify(heard)}`);
      await new Promise<void>(resolve => {
        const late = setTimeout(resolve, 100);
        wake = () => {
          clearTimeout(late);
          resolve();
        };
      });
    }
  };
  if (response.status === 200) await until(({ event }) => event === 'ready');
  return { status: response.status, heard, lastId: () => lastId, until, ended, stop: () => stopping.abort() };
}

async function read(response: Response, take: (block: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of response.body ?? []) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) take(block);
  }
}
