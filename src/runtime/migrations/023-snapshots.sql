-- Folded states of long streams, so that a process that starts need not read them whole. Nothing is lost when this table is emptied.
create table ops.snapshots (
  stream text collate "C" primary key,
  decider text collate "C" not null,
  revision bigint not null,
  content text not null,
  checksum text not null
);
create index snapshots_category on ops.snapshots (split_part(stream, '-', 1));
comment on table ops.snapshots is 'The newest folded state of each long stream';
comment on column ops.snapshots.decider is 'Fingerprint of the decider that folded it; any other decider passes it over';
comment on column ops.snapshots.content is 'State, place and newest command ids, as JSON';
comment on column ops.snapshots.checksum is 'SHA-256 of the content: a damaged snapshot is passed over';
