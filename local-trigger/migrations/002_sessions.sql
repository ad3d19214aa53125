-- json and not jsonb: callers may send U+0000 inside their payloads, which jsonb refuses.
create table local_trigger.sessions (
  id text primary key,
  external_id text unique,
  type text not null,
  task_identifier text not null,
  trigger_config json not null,
  tags text[] not null default '{}',
  metadata json,
  current_run_id text,
  closed_at timestamptz,
  closed_reason text,
  expires_at timestamptz,
  -- Set with the close that deletes; what is not purged yet after a stop of the server is purged at the next start.
  purge_requested boolean not null default false,
  purged_at timestamptz,
  -- Runs that ended one after the other without finishing a turn, and the turn-complete (-1: none) they started from.
  stalled_runs integer not null default 0,
  stalled_since_seq bigint,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

create index sessions_newest on local_trigger.sessions (created_at desc, id desc);

create table local_trigger.snapshots (
  session_id text primary key references local_trigger.sessions (id),
  content_type text not null,
  body bytea not null,
  updated_at timestamptz not null default clock_timestamp()
);
