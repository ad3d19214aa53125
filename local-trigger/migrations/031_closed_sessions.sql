-- What the sweeper looks for.
create index sessions_closed on local_trigger.sessions (closed_at)
  where closed_at is not null and purged_at is null;
