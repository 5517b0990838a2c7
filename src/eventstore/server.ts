/** The embedded node: serves EventStoreDB's wire protocol from a Postgres schema. It is not EventStoreDB. */
import { randomUUID } from 'node:crypto';
import gossipGrpc from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import featuresGrpc from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import type { IStreamsServer } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import streamsGrpc from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials, type ServiceError, type sendUnaryData, status } from '@grpc/grpc-js';
import { Reader } from './reader.ts';
import { append } from './services/append.ts';
import { batchAppend } from './services/batch-append.ts';
import { clusterInfo, supportedMethods } from './services/cluster.ts';
import { type Log, read } from './services/read.ts';
import { Tail } from './tail.ts';
import { grpcError, toGrpcError } from './wire.ts';
import { Writer } from './writer.ts';

/** The client sends at most 3 MiB a chunk, but a single event may be larger; it is refused by size, not by a broken call. */
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const KEEPALIVE_MS = 10_000;
const SHUTDOWN_MS = 1_000;

export interface Node {
  readonly port: number;
  stop(): Promise<void>;
}

/**
 * Serves on the port (0 = a free one) once this node alone may write and Postgres keeps what it acknowledges.
 * @throws AnotherNodeWrites, UnfitDatabase, or why Postgres or the port is not to be had
 */
export async function startNode(options: { databaseUrl: string; port: number; host?: '127.0.0.1' }): Promise<Node> {
  const { databaseUrl, host = '127.0.0.1' } = options;
  const name = `throughline-eventstore ${randomUUID()}`;
  const tail = new Tail();
  const writer = await Writer.start(databaseUrl, name, tail);
  const reader = new Reader(databaseUrl, name);
  const stopping = new AbortController();
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    'grpc.keepalive_time_ms': KEEPALIVE_MS,
    'grpc.keepalive_timeout_ms': KEEPALIVE_MS,
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopAll());
  const stopAll = async () => {
    await writer.stop();
    stopping.abort();
    await shutDown(server);
    await reader.stop();
  };
  let port = options.port;
  server.addService(streamsGrpc.StreamsService, streamsService(writer, { reader, tail }, stopping.signal));
  server.addService(gossipGrpc.GossipService, { read: unary(() => clusterInfo(host, port)) });
  server.addService(featuresGrpc.ServerFeaturesService, { getSupportedMethods: unary(supportedMethods) });
  try {
    port = await listen(server, `${host}:${port}`);
    return { port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function streamsService(writer: Writer, log: Log, stopping: AbortSignal): IStreamsServer {
  return {
    append: (call, respond) => void append(writer, call, respond),
    batchAppend: call => void serve(call, stopping, signal => batchAppend(writer, call, signal)),
    read: call => void serve(call, stopping, signal => read(log, call, signal)),
    delete: (_call, respond) => respond(notServed('deleting streams')),
    tombstone: (_call, respond) => respond(notServed('tombstones')),
  };
}

interface StreamingCall {
  readonly cancelled: boolean;
  once(event: 'cancelled' | 'close', listener: () => void): this;
  emit(event: 'error', error: ServiceError): boolean;
  end(): void;
}

/** Made once: every call ends, and a reason of its own would cost a stack trace each. */
const OVER = new Error('The call is over.');

/** Runs one streaming call to its end: the client's, the node's, or an error told with its status. */
async function serve(call: StreamingCall, stopping: AbortSignal, work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const over = new AbortController();
  const end = () => over.abort(OVER);
  const fail = (error: ServiceError) => {
    end();
    call.emit('error', error);
  };
  const stop = () => fail(grpcError(status.UNAVAILABLE, 'The node is stopping.'));
  call.once('cancelled', end).once('close', end);
  stopping.addEventListener('abort', stop, { once: true });
  try {
    if (stopping.aborted) return stop();
    await work(over.signal);
    if (!over.signal.aborted) call.end();
  } catch (error) {
    // Once it is over nobody is left to hear of it, or it was told already.
    if (!over.signal.aborted) fail(toGrpcError(error));
  } finally {
    stopping.removeEventListener('abort', stop);
  }
}

function unary<Response>(answer: () => Response): (call: unknown, respond: sendUnaryData<Response>) => void {
  return (_call, respond) => respond(null, answer());
}

function notServed(what: string): ServiceError {
  return grpcError(status.UNIMPLEMENTED, `This node does not serve ${what}.`);
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) => {
      if (!error) return resolve(port);
      reject(new Error(error.message.includes('EADDRINUSE') ? `${address} is already in use by another program.` : error.message));
    });
  });
}

/** Lets answers under way go out, then cuts what is left. */
async function shutDown(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cut = setTimeout(() => {
    server.forceShutdown();
    resolve();
  }, SHUTDOWN_MS);
  server.tryShutdown(() => resolve());
  await promise;
  clearTimeout(cut);
}
