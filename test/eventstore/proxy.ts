import { connect, createServer, type Server, type Socket } from 'node:net';

/** Stands between the node and Postgres, so that a test can take Postgres away without touching the shared cluster. */
export class PostgresProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #sockets = new Set<Socket>();
  #down = false;
  #frozen = false;

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer(socket => this.#relay(socket));
  }

  static async before(databaseUrl: string): Promise<PostgresProxy> {
    const proxy = new PostgresProxy(new URL(databaseUrl));
    await new Promise<void>(resolve => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const url = new URL(this.#target);
    const address = this.#server.address();
    if (typeof address === 'object' && address) url.host = `127.0.0.1:${address.port}`;
    return url.href;
  }

  /** As if Postgres were gone: breaks every connection and refuses new ones. */
  cut(): void {
    this.#down = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As if Postgres were stopped in the middle: connections stay, nothing passes. What was sent before is still done. */
  freeze(): void {
    this.#frozen = true;
    for (const socket of this.#sockets) socket.pause();
  }

  heal(): void {
    this.#down = false;
    this.#frozen = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise(resolve => this.#server.close(resolve));
  }

  #relay(socket: Socket): void {
    if (this.#down) {
      socket.destroy();
      return;
    }
    const upstream = connect(Number(this.#target.port), this.#target.hostname);
    for (const [from, to] of [
      [socket, upstream],
      [upstream, socket],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', data => to.write(data));
      // A frozen server does not notice that its client left.
      from.on('close', () => this.#sockets.delete(from) && (this.#frozen && from === socket ? undefined : to.destroy()));
      from.on('error', () => from.destroy());
      if (this.#frozen) from.pause();
    }
  }
}
