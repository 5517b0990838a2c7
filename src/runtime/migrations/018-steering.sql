-- People move what stands still: an instance that is parked or not adopted keeps what comes for it until it goes on, or is given up.
alter table ops.saga_instances
  drop constraint saga_instances_status_check,
  add constraint saga_instances_status_check check (status in ('running', 'parked', 'unadopted', 'finished', 'abandoned')),
  add column stopped_as text collate "C" check (stopped_as in ('running', 'unadopted', 'finished', 'abandoned'));
comment on column ops.saga_instances.stopped_by is 'Id of the event at which a parked instance stopped, or by which one was abandoned';
comment on column ops.saga_instances.stopped_as is 'What a parked instance was before, and is again when it is retried';
comment on column ops.saga_instances.attempt is 'Number of the last thing somebody said of it: a part of its commands'' ids';

drop index ops.saga_instances_open;
create index saga_instances_open on ops.saga_instances (since) where status not in ('finished', 'abandoned');

create table ops.saga_inbox (
  saga text collate "C" not null,
  instance text collate "C" not null,
  position bigint not null,
  stream text collate "C" not null,
  revision integer not null,
  primary key (saga, instance, position)
);
comment on table ops.saga_inbox is 'Events that came for an instance which stands still, in order; taken when it goes on. Where they are in the log, not what they say';

-- What stood still before this table was there has kept nothing. Its saga reads the log again, and keeps it then.
update ops.sagas s set state_version = 0
where exists (select from ops.saga_instances i where i.saga = s.name and i.status = 'parked');
alter table ops.saga_instances drop column stopped_after;

alter table ops.sagas add column building boolean not null default false;
comment on column ops.sagas.building is 'True while the saga reads history into ops.saga_drafts, beside what is shown; it joins the others when it has caught up';

create table ops.saga_drafts (like ops.saga_instances including all);
comment on table ops.saga_drafts is 'Instances of a new or reshaped saga while it reads history; they take the place of the old ones at once';

drop view read.processes;
create view read.processes as
select i.saga || '~' || i.instance as id, i.saga, i.instance, i.status, i.about_category, i.about_id,
       i.waiting ->> 'reason' as reason, i.waiting ->> 'next' as next,
       i.waiting #>> '{record,category}' as waited_category, i.waiting #>> '{record,id}' as waited_id,
       i.waiting #>> '{movedBy,command}' as moved_by_command, i.waiting #>> '{movedBy,permission}' as moved_by_permission,
       i.since, i.refusal ->> 'command' as refused_command, i.refusal ->> 'refused' as refused,
       i.refusal ->> 'because' as refused_because, o.command as tried_command, o.tries, o.problem, i.correlation_id, i.attempt
from ops.saga_instances i
left join lateral (
  select command, tries, problem from ops.saga_outbox o
  where o.saga = i.saga and o.instance = i.instance order by position, index limit 1
) o on true;
