/** Which addresses of the network programs of the house may be led to by what somebody typed in. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Address {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name, as the machine resolves it at this moment. */
export type Resolve = (name: string) => Promise<readonly Address[]>;

export const resolveNow: Resolve = name => lookup(name, { all: true, verbatim: true });

/** An address range in CIDR notation, parsed. */
export type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** @throws Error when a part is no range in CIDR notation */
export const rangesOf = (text: string): readonly Range[] =>
  text
    .split(',')
    .map(part => part.trim())
    .filter(part => part !== '')
    .map(part => ipaddr.parseCIDR(part));

/** Where IPv6 addresses of the public network are (RFC 4291 §2.4); what ranges inside it lead elsewhere is known by name. */
const PUBLIC_IPV6 = ipaddr.parseCIDR('2000::/3');

/** Whether an address belongs to the public network: none of this machine, its neighbours or a tunnel to them. */
export function isPublic(address: string): boolean {
  const parsed = ipaddr.process(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || parsed.match(PUBLIC_IPV6);
}

export function isIn(ranges: readonly Range[], address: string): boolean {
  const parsed = ipaddr.process(address);
  return ranges.some(range => parsed.kind() === range[0].kind() && parsed.match(range));
}

/** The addresses a host of a URL stands for: itself, or what its name resolves to now. */
export async function addressesOf(hostname: string, resolve: Resolve): Promise<readonly Address[]> {
  const bare = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(bare);
  return family === 0 ? resolve(bare) : [{ address: bare, family }];
}
