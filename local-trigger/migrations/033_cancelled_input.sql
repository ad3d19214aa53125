-- The end of the session's input when the run was cancelled: a message behind it is not of the cancelled turn.
ALTER TABLE local_trigger.runs ADD COLUMN input_at_cancel bigint;
