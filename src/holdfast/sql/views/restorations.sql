-- What restorations found, as people read it.
create view holdfast.v_restorations with (security_invoker = true) as
select r.venture_id, r.supervisor_id, r.number, r.source, r.restored_at, r.interrupted_at, r.holder, r.outcome, r.checkpoint, r.context,
    (select coalesce(jsonb_agg(jsonb_build_object('step', f.step, 'finding', f.finding, 'subject', f.subject, 'action', f.action,
            'reason', f.reason) order by f.position), '[]') from holdfast.restoration_findings f
        where f.venture_id = r.venture_id and f.supervisor_id = r.supervisor_id and f.number = r.number) as findings
from holdfast.supervisor_restorations r;
comment on view holdfast.v_restorations is 'Every restoration of a supervisor: why, what was found, and what was done about each finding.';
