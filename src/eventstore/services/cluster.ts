/** What a client asks before it works: which calls are served, and who leads. */
import { randomUUID } from 'node:crypto';
import type { ClusterInfo } from '@eventstore/db-client/generated/gossip_pb.js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import type { SupportedMethods } from '@eventstore/db-client/generated/serverfeatures_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { toUuid } from '../wire.ts';

/** Not a version of EventStoreDB: the node does not pretend to be one. */
const VERSION = 'throughline-embedded-node';

/** Naming BatchAppend makes clients send every append without own credentials over it. */
const METHODS = [
  ['event_store.client.streams.streams', 'read'],
  ['event_store.client.streams.streams', 'append'],
  ['event_store.client.streams.streams', 'batchappend'],
  ['event_store.client.gossip.gossip', 'read'],
  ['event_store.client.server_features.serverfeatures', 'getsupportedmethods'],
] as const;

export function supportedMethods(): SupportedMethods {
  const methods = METHODS.map(([service, method]) => new features.SupportedMethod().setServiceName(service).setMethodName(method));
  return new features.SupportedMethods().setEventStoreServerVersion(VERSION).setMethodsList(methods);
}

const INSTANCE = randomUUID();

/** A cluster of one, which leads. */
export function clusterInfo(host: string, port: number): ClusterInfo {
  const member = new gossip.MemberInfo()
    .setInstanceId(toUuid(INSTANCE))
    .setTimeStamp(String(BigInt(Date.now()) * 10_000n))
    .setState(gossip.MemberInfo.VNodeState.LEADER)
    .setIsAlive(true)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
  return new gossip.ClusterInfo().setMembersList([member]);
}
