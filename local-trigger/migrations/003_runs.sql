CREATE SCHEMA IF NOT EXISTS local_trigger;

-- One row for each registration of task code by a worker process. The newest is what new runs get.
CREATE TABLE local_trigger.workers (
  id           text PRIMARY KEY,
  seq          bigserial NOT NULL,
  version      text NOT NULL UNIQUE,
  content_hash text NOT NULL,
  runtime      text NOT NULL,
  tasks        jsonb NOT NULL,
  task_ids     text[] NOT NULL,
  created_at   timestamptz(3) NOT NULL
);

CREATE TABLE local_trigger.runs (
  id                 text PRIMARY KEY,
  number             bigserial NOT NULL,
  session_id         text,
  task_identifier    text NOT NULL,
  status             text NOT NULL,
  execution_status   text NOT NULL,
  snapshot_id        text NOT NULL,
  -- The snapshot that the running attempt was started from: a repeated start is answered, not refused.
  started_from       text,
  queue_position     bigint,
  payload            text NOT NULL,
  payload_type       text NOT NULL,
  output             text,
  output_type        text NOT NULL DEFAULT 'application/json',
  error              jsonb,
  tags               text[] NOT NULL DEFAULT '{}',
  metadata           text,
  metadata_type      text NOT NULL DEFAULT 'application/json',
  attempt            integer NOT NULL DEFAULT 0,
  max_attempts       integer,
  max_duration       double precision,
  worker_id          text,
  version            text,
  locked_to_version  text,
  parent_run_id      text,
  root_run_id        text,
  depth              integer NOT NULL DEFAULT 0,
  trigger_function   text NOT NULL DEFAULT 'trigger',
  idempotency_key    text,
  cancel_reason      text,
  is_test            boolean NOT NULL DEFAULT false,
  ttl                text,
  realtime_streams   text[] NOT NULL DEFAULT '{}',
  usage_duration_ms  integer NOT NULL DEFAULT 0,
  created_at         timestamptz(3) NOT NULL,
  updated_at         timestamptz(3) NOT NULL,
  queued_at          timestamptz(3),
  started_at         timestamptz(3),
  attempt_started_at timestamptz(3),
  delay_until        timestamptz(3),
  completed_at       timestamptz(3)
);
CREATE SEQUENCE local_trigger.queue_positions;
CREATE INDEX runs_queue ON local_trigger.runs (queue_position) WHERE status = 'PENDING';
CREATE INDEX runs_live ON local_trigger.runs (execution_status)
  WHERE execution_status IN ('PENDING_EXECUTING', 'EXECUTING', 'EXECUTING_WITH_WAITPOINTS', 'PENDING_CANCEL');
CREATE INDEX runs_session ON local_trigger.runs (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX runs_parent ON local_trigger.runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_tags ON local_trigger.runs USING gin (tags);
CREATE INDEX runs_number ON local_trigger.runs (number);

-- What workers see of a run. Only the newest counts; the older ones of a live run tell which attempt a
-- late call belongs to.
CREATE TABLE local_trigger.run_snapshots (
  id                   text PRIMARY KEY,
  run_id               text NOT NULL REFERENCES local_trigger.runs (id) ON DELETE CASCADE,
  attempt              integer NOT NULL,
  execution_status     text NOT NULL,
  description          text NOT NULL,
  completed_waitpoints jsonb NOT NULL DEFAULT '[]',
  created_at           timestamptz(3) NOT NULL
);
CREATE INDEX run_snapshots_run ON local_trigger.run_snapshots (run_id);

CREATE TABLE local_trigger.run_idempotency (
  scope      text NOT NULL,
  key        text NOT NULL,
  run_id     text NOT NULL REFERENCES local_trigger.runs (id) ON DELETE CASCADE,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (scope, key)
);

CREATE TABLE local_trigger.waitpoints (
  id                         text PRIMARY KEY,
  type                       text NOT NULL,
  status                     text NOT NULL DEFAULT 'PENDING',
  -- The run that made it for its own waiting; null for tokens.
  run_id                     text,
  -- The stream of which a record past after_seq completes it, and the session that the stream belongs to.
  stream                     text,
  after_seq                  bigint,
  session_id                 text,
  child_run_id               text,
  idempotency_scope          text,
  idempotency_key            text,
  idempotency_key_expires_at timestamptz(3),
  callback_hash              text,
  tags                       text[] NOT NULL DEFAULT '{}',
  timeout_at                 timestamptz(3),
  completed_after            timestamptz(3),
  completed_at               timestamptz(3),
  output                     text,
  output_type                text NOT NULL DEFAULT 'application/json',
  output_is_error            boolean NOT NULL DEFAULT false,
  created_at                 timestamptz(3) NOT NULL
);
CREATE INDEX waitpoints_stream ON local_trigger.waitpoints (stream) WHERE status = 'PENDING' AND stream IS NOT NULL;
CREATE INDEX waitpoints_child ON local_trigger.waitpoints (child_run_id) WHERE status = 'PENDING' AND child_run_id IS NOT NULL;
CREATE INDEX waitpoints_run ON local_trigger.waitpoints (run_id) WHERE run_id IS NOT NULL;
CREATE UNIQUE INDEX waitpoints_idempotency ON local_trigger.waitpoints (idempotency_scope, idempotency_key)
  WHERE idempotency_key IS NOT NULL;

-- Which run stands still until which waitpoint is complete.
CREATE TABLE local_trigger.run_blockers (
  run_id         text NOT NULL REFERENCES local_trigger.runs (id) ON DELETE CASCADE,
  waitpoint_id   text NOT NULL REFERENCES local_trigger.waitpoints (id) ON DELETE CASCADE,
  position       integer,
  PRIMARY KEY (run_id, waitpoint_id)
);
CREATE INDEX run_blockers_waitpoint ON local_trigger.run_blockers (waitpoint_id);

-- Everything that has to happen later, or after another transaction: one row until it was done.
CREATE TABLE local_trigger.timers (
  id      bigserial PRIMARY KEY,
  kind    text NOT NULL,
  subject text NOT NULL,
  payload jsonb,
  fire_at timestamptz(3) NOT NULL
);
CREATE INDEX timers_due ON local_trigger.timers (fire_at);
CREATE INDEX timers_subject ON local_trigger.timers (subject);
