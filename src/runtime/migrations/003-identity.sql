-- What signing in needs and no event may hold: secrets, kept as hashes only. And the answers given to repeatable requests.
create schema if not exists ops;

create table ops.passwords (
  user_id text collate "C" primary key,
  hash text not null,
  version bigint not null default 1,
  changed_at timestamptz(3) not null
);
comment on table ops.passwords is 'argon2id hashes of passwords, by user; the version grows with every change';

create table ops.sessions (
  token_hash bytea primary key,
  user_id text collate "C" not null,
  password_version bigint not null,
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3) not null,
  expires_at timestamptz(3) not null
);
create index sessions_user on ops.sessions (user_id);
comment on table ops.sessions is 'Signed-in sessions, by SHA-256 of their token; over when the password they were opened with is';

create table ops.devices (
  token_hash bytea primary key,
  user_id text collate "C" not null,
  last_used_at timestamptz(3) not null
);
create index devices_user on ops.devices (user_id);
comment on table ops.devices is 'Browsers a user has signed in from; strangers'' failed attempts do not lock them out';

create table ops.api_keys (
  id text collate "C" primary key,
  token_hash bytea not null unique,
  user_id text collate "C" not null,
  name text not null,
  grants text[] not null,
  created_at timestamptz(3) not null,
  last_used_at timestamptz(3),
  revoked_at timestamptz(3)
);
create index api_keys_user on ops.api_keys (user_id);
comment on table ops.api_keys is 'Keys for programs, by SHA-256; a key may do what its grants and its owner''s roles both allow';

create table ops.requests (
  principal text collate "C" not null,
  route text collate "C" not null,
  key text collate "C" not null,
  body_hash text not null,
  status integer not null,
  answer json not null,
  answered_at timestamptz(3) not null,
  primary key (principal, route, key)
);
create index requests_age on ops.requests (answered_at);
comment on table ops.requests is 'Answers to requests with an Idempotency-Key, kept for seven days';
