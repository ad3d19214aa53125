-- What the sweeper looks for.
create index runs_completed on local_trigger.runs (completed_at) where completed_at is not null;
create index runs_root on local_trigger.runs (root_run_id) where root_run_id is not null;
create index runs_payload_packet on local_trigger.runs (payload) where payload_type = 'application/store';
create index runs_output_packet on local_trigger.runs (output) where output_type = 'application/store';
create index packets_updated on local_trigger.packets (updated_at);
create index run_idempotency_run on local_trigger.run_idempotency (run_id);
create index run_idempotency_expires on local_trigger.run_idempotency (expires_at);
create index batches_updated on local_trigger.batches (updated_at);
create index waitpoints_tokens_done on local_trigger.waitpoints (completed_at)
  where run_id is null and status = 'COMPLETED';
create index sessions_purged on local_trigger.sessions (purged_at) where purged_at is not null;
