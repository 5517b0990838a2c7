-- Every standing a process ever had, so that it can be asked how things stood at any time; and what it waits for by its name.
create table ops.saga_history (
  saga text collate "C" not null,
  instance text collate "C" not null,
  from_position bigint not null,
  to_position bigint,
  status text collate "C" not null,
  attempt integer not null,
  correlation_id text collate "C" not null,
  since timestamptz(3) not null,
  about_category text collate "C" not null,
  about_id text collate "C" not null,
  waiting jsonb not null,
  refusal jsonb,
  primary key (saga, instance, from_position)
);
create index saga_history_present on ops.saga_history (saga, instance) where to_position is null;
create index saga_history_ended on ops.saga_history (to_position);
comment on table ops.saga_history is 'Every standing of every process, as it was shown: from which position in the log to which';
comment on column ops.saga_history.to_position is 'Position at which it was so no longer; null while it is so';

insert into ops.saga_history (saga, instance, from_position, status, attempt, correlation_id, since, about_category, about_id, waiting, refusal)
select i.saga, i.instance, coalesce(s.position, 0), i.status, i.attempt, i.correlation_id, i.since, i.about_category, i.about_id,
       i.waiting, i.refusal
from ops.saga_instances i join ops.sagas s on s.name = i.saga;

drop view read.processes;
create view read.processes as
select i.saga || '~' || i.instance as id, i.saga, i.instance, i.status, i.about_category, i.about_id,
       i.waiting ->> 'wait' as wait, i.waiting ->> 'reason' as reason, i.waiting ->> 'next' as next,
       i.waiting #>> '{record,category}' as waited_category, i.waiting #>> '{record,id}' as waited_id,
       i.waiting #>> '{movedBy,command}' as moved_by_command, i.waiting #>> '{movedBy,permission}' as moved_by_permission,
       i.since, i.refusal ->> 'command' as refused_command, i.refusal ->> 'refused' as refused,
       i.refusal ->> 'because' as refused_because, o.command as tried_command, o.tries, o.problem, i.correlation_id, i.attempt
from ops.saga_instances i
left join lateral (
  select command, tries, problem from ops.saga_outbox o
  where o.saga = i.saga and o.instance = i.instance order by position, index limit 1
) o on true;

create schema if not exists read_past;
-- What was being tried is known of the present only.
create view read_past.processes as
select h.saga || '~' || h.instance as id, h.saga, h.instance, h.status, h.about_category, h.about_id,
       h.waiting ->> 'wait' as wait, h.waiting ->> 'reason' as reason, h.waiting ->> 'next' as next,
       h.waiting #>> '{record,category}' as waited_category, h.waiting #>> '{record,id}' as waited_id,
       h.waiting #>> '{movedBy,command}' as moved_by_command, h.waiting #>> '{movedBy,permission}' as moved_by_permission,
       h.since, h.refusal ->> 'command' as refused_command, h.refusal ->> 'refused' as refused,
       h.refusal ->> 'because' as refused_because, null::text as tried_command, null::integer as tries, null::text as problem,
       h.correlation_id, h.attempt, h.from_position, h.to_position
from ops.saga_history h;
