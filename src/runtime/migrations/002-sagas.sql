-- What the saga runner keeps: how far each saga has read, its instances, and the commands it still has to send.
-- Everything here is written by the one process that holds the runner's advisory lock, over the connection that holds it.
create schema if not exists ops;
create schema if not exists read;

create table ops.sagas (
  name text collate "C" primary key,
  state_version integer not null,
  installed_at bigint,
  silent_to bigint,
  position bigint,
  detached text
);
comment on table ops.sagas is 'Each saga and how far it has read the log';
comment on column ops.sagas.installed_at is 'Position of the log when the saga was installed: what is older sets no alarms and sends nothing';
comment on column ops.sagas.silent_to is 'Position up to which reading sends nothing: it was sent before, or never should be';
comment on column ops.sagas.position is 'Position of the last event the saga has taken';
comment on column ops.sagas.detached is 'Why the saga as a whole stands still; null while it runs';

create table ops.saga_instances (
  saga text collate "C" not null,
  instance text collate "C" not null,
  status text collate "C" not null check (status in ('running', 'finished', 'parked')),
  state json not null,
  attempt integer not null,
  alarms json not null,
  next_alarm_at timestamptz(3),
  correlation_id text collate "C" not null,
  since timestamptz(3) not null,
  about_category text collate "C" not null,
  about_id text collate "C" not null,
  waiting jsonb not null,
  refusal jsonb,
  stopped_after bigint,
  stopped_by text collate "C",
  recorded boolean not null,
  primary key (saga, instance)
);
create index saga_instances_alarms on ops.saga_instances (next_alarm_at) where next_alarm_at is not null;
create index saga_instances_open on ops.saga_instances (since) where status <> 'finished';
create index saga_instances_about on ops.saga_instances (about_id);
create index saga_instances_unrecorded on ops.saga_instances (saga, instance) where not recorded;
comment on table ops.saga_instances is 'Instances of sagas with their state; finished ones stay as tombstones, so that later events do not resurrect them';
comment on column ops.saga_instances.waiting is 'Why it is where it is, as its saga explains its state';
comment on column ops.saga_instances.stopped_after is 'Where a parked instance stopped: it has seen everything up to this position';
comment on column ops.saga_instances.stopped_by is 'Id of the event at which a parked instance stopped';
comment on column ops.saga_instances.recorded is 'False until the parking of the instance is a fact in its stream';

create table ops.saga_outbox (
  saga text collate "C" not null,
  instance text collate "C" not null,
  position bigint not null,
  index integer not null,
  command_id uuid not null,
  command text collate "C" not null,
  input json not null,
  correlation_id text collate "C" not null,
  causation_id text collate "C" not null,
  occurred_at text collate "C",
  traceparent text collate "C",
  tries integer not null default 0,
  retry_at timestamptz,
  problem text,
  refused text collate "C",
  refused_because text,
  held boolean not null default false,
  primary key (saga, instance, position, index)
);
create index saga_outbox_order on ops.saga_outbox (position, index);
comment on table ops.saga_outbox is 'Commands that sagas have still to send: in order within an instance, at least once delivered, once in effect';
comment on column ops.saga_outbox.position is 'Position of the event that caused the command';
comment on column ops.saga_outbox.refused is 'The answer, kept before it becomes a fact: a command once refused is not asked again';
comment on column ops.saga_outbox.held is 'True while it waits: for its saga to hear of its refusal or, after a fault of the house, for someone to look';

create view read.processes as
select i.saga || '~' || i.instance as id, i.saga, i.instance, i.status, i.about_category, i.about_id,
       i.waiting ->> 'reason' as reason, i.waiting ->> 'next' as next,
       i.waiting #>> '{record,category}' as waited_category, i.waiting #>> '{record,id}' as waited_id,
       i.waiting #>> '{movedBy,command}' as moved_by_command, i.waiting #>> '{movedBy,permission}' as moved_by_permission,
       i.since, i.refusal ->> 'command' as refused_command, i.refusal ->> 'refused' as refused,
       i.refusal ->> 'because' as refused_because, o.command as tried_command, o.tries, o.problem, i.correlation_id
from ops.saga_instances i
left join lateral (
  select command, tries, problem from ops.saga_outbox o
  where o.saga = i.saga and o.instance = i.instance order by position, index limit 1
) o on true;
