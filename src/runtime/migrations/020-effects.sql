-- What goes out of the house: the outbox of effects, every try of each, and what stands in the way. Written by the one process
-- that holds the ownership of effects, over the connection that holds it; sagas put theirs in with the step that wants them.
create table ops.reactions (
  name text collate "C" primary key,
  state_version integer not null,
  silent_to bigint,
  position bigint,
  state json,
  detached text
);
comment on table ops.reactions is 'Each reaction and how far it has read the log';
comment on column ops.reactions.silent_to is 'Position up to which reading asks for no effects: they were asked for before, or never should be';
comment on column ops.reactions.state is 'What the reaction remembers of the facts; null before the first';
comment on column ops.reactions.detached is 'Why the reaction stands still; null while it runs';

create table ops.effects (
  id uuid primary key,
  effect text collate "C" not null,
  channel text collate "C" not null,
  destination text collate "C" not null,
  payload json not null,
  cause_id text collate "C" not null,
  position bigint not null,
  correlation_id text collate "C" not null,
  traceparent text collate "C",
  queued_at timestamptz(3) not null default clock_timestamp(),
  status text collate "C" not null default 'waiting' check (status in ('waiting', 'done', 'given-up')),
  round integer not null default 0,
  tries integer not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  problem text,
  settled_at timestamptz(3),
  outcome json,
  told boolean not null default true
);
create index effects_due on ops.effects (destination, due_at) where status = 'waiting';
create index effects_untold on ops.effects (settled_at) where not told;
create index effects_settled on ops.effects (settled_at) where status <> 'waiting';
create index effects_queued on ops.effects (queued_at, id);
comment on table ops.effects is 'The outbox: what is to be done outside the house, and what became of it; done ones are kept for thirty days';
comment on column ops.effects.payload is 'References from which the content is composed when it is sent; nothing of a person';
comment on column ops.effects.position is 'Position of the event that caused the effect';
comment on column ops.effects.round is 'How often it was replayed after it had been given up';
comment on column ops.effects.tries is 'How often it was tried in this round';
comment on column ops.effects.outcome is 'What became of it, as it is told to the business';
comment on column ops.effects.told is 'False until the outcome has become a fact';

create table ops.effect_tries (
  effect_id uuid not null references ops.effects on delete cascade,
  round integer not null,
  number integer not null,
  tried_at timestamptz(3) not null,
  milliseconds integer not null,
  answer text,
  problem text,
  primary key (effect_id, round, number)
);
comment on table ops.effect_tries is 'Every try of an effect and what came back; without the addresses of persons';

create table ops.effect_destinations (
  destination text collate "C" primary key,
  channel text collate "C" not null,
  failures integer not null default 0,
  failing_since timestamptz(3),
  resting_until timestamptz
);
comment on table ops.effect_destinations is 'Each destination of effects and how it fares; one that fails rests, and only its own effects wait for it';
comment on column ops.effect_destinations.failures is 'Failed tries since the last success';

create table ops.effect_halts (
  what text collate "C" primary key,
  because text not null
);
comment on table ops.effect_halts is 'Why no effects go out: of one channel, or of all (`*`)';

create table ops.effect_journals (
  id uuid primary key,
  bytes bigint not null
);
comment on table ops.effect_journals is 'Journals of sent effects, kept as files outside the database, and how much of each this database knows';

create view read.effects as
select e.id::text as id, e.effect, e.channel, e.destination, e.payload::jsonb as payload, e.cause_id, e.correlation_id, e.queued_at,
       case when e.status = 'waiting' and h.because is not null then 'halted' else e.status end as status,
       e.round, e.tries, case when e.status = 'waiting' then greatest(e.due_at, d.resting_until)::timestamptz(3) end as due_at,
       case when e.status = 'waiting' then coalesce(h.because, e.problem) else e.problem end as problem, e.settled_at
from ops.effects e
left join ops.effect_destinations d on d.destination = e.destination
left join lateral (select because from ops.effect_halts where what in ('*', e.channel) order by what limit 1) h on true;

create view read.effect_tries as
select effect_id::text || '~' || round || '~' || number as id, effect_id::text as effect_id, round, number, tried_at, milliseconds,
       answer, problem
from ops.effect_tries;
