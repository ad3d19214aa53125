-- The usual append to a session's `.in`, when its run lives and nobody waits at a waitpoint: one statement, one commit.
-- state 'appended'; or 'elsewhere', and nothing was done: the session is closed or has expired, its run has to be started
-- or woken first. Each statement in here sees what was committed before it, so all of them see the truth under the lock.
create function local_trigger.append_input(
  p_session_id text,
  p_stream text,
  p_body text,
  p_part_id text
) returns table (state text, first_seq bigint, end_seq bigint, recorded bigint, duplicate boolean)
language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('session:' || p_session_id, 0));
  perform from local_trigger.sessions s
    join local_trigger.runs r on r.id = s.current_run_id
    where s.id = p_session_id and s.closed_at is null
      and (s.expires_at is null or s.expires_at > clock_timestamp())
      and r.execution_status not in ('FINISHED', 'PENDING_CANCEL');
  if not found or exists (
    select from local_trigger.waitpoints w where w.stream = p_stream and w.status = 'PENDING'
  ) then
    return query select 'elsewhere', null::bigint, null::bigint, null::bigint, false;
    return;
  end if;
  return query select 'appended', a.first_seq, a.end_seq, a.recorded, a.duplicate
    from local_trigger.append_records(p_stream, array[p_body], array['[]'::jsonb], '{null}', p_part_id, 0) a;
end $$;
