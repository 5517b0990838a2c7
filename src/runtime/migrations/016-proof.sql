-- The hash chain over the event log. It follows from the log alone; signed heads of it are kept outside the database.
create table ops.proof_blocks (
  number bigint primary key,
  log_id text not null,
  events bigint not null,
  position bigint not null,
  hash bytea not null,
  digests bytea not null
);
comment on table ops.proof_blocks is 'The hash chain over the event log, in blocks of 256 events; the last may hold fewer';
comment on column ops.proof_blocks.number is 'From 0';
comment on column ops.proof_blocks.log_id is 'Identity of the event log that is chained';
comment on column ops.proof_blocks.events is 'Events chained up to the end of this block';
comment on column ops.proof_blocks.position is 'Position of the last event of the block';
comment on column ops.proof_blocks.hash is 'SHA-256 of the hash before and the digest of the event, after the last event of the block';
comment on column ops.proof_blocks.digests is 'The first 8 bytes of the digest of each event of the block, by which a changed event is found';
