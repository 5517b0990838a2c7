-- One key for each person, with which what the log holds of them is sealed. Destroying it erases them.
create table ops.person_keys (
  person text collate "C" primary key,
  master integer not null,
  wrapped bytea,
  made_at timestamptz(3) not null default now(),
  erased_at timestamptz(3),
  check ((wrapped is null) = (erased_at is not null))
);
create index person_keys_erased on ops.person_keys (person) where erased_at is not null;
comment on table ops.person_keys is 'Keys of persons, sealed with a master key that is kept outside the database; none is left for who was erased';
comment on column ops.person_keys.person is 'Id of the person: that of the lead, contact or user they first were';
comment on column ops.person_keys.master is 'Which of the master keys sealed it';
comment on column ops.person_keys.wrapped is 'The key, sealed: 12 bytes of nonce, the key, 16 bytes of tag (AES-256-GCM)';
