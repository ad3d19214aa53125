-- The session's external id, so that every line of the log about a run can name its chat without another query.
ALTER TABLE local_trigger.runs ADD COLUMN chat_id text;
UPDATE local_trigger.runs r SET chat_id = s.external_id FROM local_trigger.sessions s WHERE s.id = r.session_id;
