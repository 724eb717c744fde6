-- One of everything, made by the engine's own functions in the venture that the setting holdfast.venture names.
do $$
declare
    v_session     record;
    v_walker      record;
    v_execution   record;
    v_supervisor  uuid;
    v_plan        record;
    v_check       uuid;
    v_step        holdfast.plan_steps;
begin
    perform holdfast.set_member('verify', 'viewer');
    perform holdfast.report_subscriptions(gen_random_uuid(), jsonb_build_array(jsonb_build_object(
        'venture_id', (select v.venture_id from holdfast.ventures v where v.slug = current_setting('holdfast.venture')
            or v.venture_id::text = current_setting('holdfast.venture')),
        'id', gen_random_uuid(), 'transport', 'python', 'scope', '{}'::jsonb, 'created_at', now())));
    perform holdfast.create_api_token('verify', 'viewer', sha256('verify'));
    perform holdfast.add_directive('SD-VERIFY-1', 'what comes first');
    perform holdfast.add_directive('SD-VERIFY-2', 'a directive', p_status => 'active');
    perform holdfast.add_directive('SD-VERIFY-3', 'needs the first', p_needs => array['SD-VERIFY-1']);

    select * into v_session from holdfast.start_session('verify-world', 'claude', 'verify');
    perform holdfast.claim_directive('verify-world', v_session.epoch, v_session.token, 'SD-VERIFY-2');
    perform holdfast.upsert_auto_proceed_session('verify-world', 'SD-VERIFY-2', p_total_children => 5);
    perform holdfast.add_directive('SD-VERIFY-4', 'is verified', p_status => 'active', p_verification => 'true');
    select * into v_walker from holdfast.start_session('verify-walker');
    perform holdfast.start_auto_proceed('verify-walker', v_walker.epoch, v_walker.token, 'SD-VERIFY-4');
    perform holdfast.advance('verify-walker', v_walker.epoch, v_walker.token);
    perform holdfast.advance('verify-walker', v_walker.epoch, v_walker.token, 'SD-VERIFY-4', 'completed',
        p_evidence => jsonb_build_object('command', 'true', 'exit_code', 0, 'output_digest', encode(sha256(''), 'hex'),
            'output_tail', '', 'started_at', now(), 'ended_at', now()));
    perform holdfast.ask_question('Is it so?', null, 'verify-world', v_session.epoch, v_session.token);
    perform holdfast.claim_notifications(array['verify-world'], 'verify-world');
    perform holdfast.replay_entry(gen_random_uuid(), holdfast.now(), 'verify-world', v_session.epoch, v_session.token,
        'save_session', '{}');
    perform holdfast.call_tool('verify-world', v_session.epoch, v_session.token, 'log', '{"message": "a line"}', 'a call');
    perform holdfast.report_hooks('verify-world', v_session.epoch, v_session.token,
        '[{"hook": "Stop", "runs": 1, "refusals": 0, "failures": 0, "seconds": 0.1, "longest": 0.1}]');
    perform holdfast.report_divergences('verify-world', '[{"kind": "SD", "here": "file=none", "truth": "db_claim=SD-VERIFY-2"}]');
    perform holdfast.append_conversation('openai', '', 'verify', '', array['\x6869'::bytea]);
    perform holdfast.save_conversation_checkpoint('verify', '', '1', null, ''::bytea, ''::bytea, '{}', '{"messages": "1"}',
        array['messages'], array[true], array[null], array[0], array[1], array['\x6869'::bytea]);
    perform holdfast.save_conversation_writes('verify', '', '1', 'task', '', array[0], array['messages'], array['\x6869'::bytea]);

    perform holdfast.keep_catalogue('verify', 'env:VERIFY', '{"schemas": [], "objects": {}}');
    perform holdfast.do_request('add_directive', '{"name": "SD-VERIFY-5", "title": "asked for"}', 'a request');

    select * into v_execution from holdfast.begin_execution('an execution', 'verify', p_total_steps => 2);
    perform holdfast.record_steps(array[v_execution.id], array[v_execution.epoch], array[v_execution.token],
        array[1], array['a step'], array['completed']::holdfast.execution_step_status[]);
    perform holdfast.append_logs(array[v_execution.id], array[v_execution.epoch], array[v_execution.token],
        array['info']::holdfast.log_level[], array['a line']);
    perform holdfast.record_metrics(v_execution.id, v_execution.epoch, v_execution.token, p_model_calls => 1);

    select s.id into v_supervisor from holdfast.create_supervisor('a supervisor') s;
    perform holdfast.begin_step(v_supervisor, null, null, 'a step');
    perform holdfast.save_checkpoint(v_supervisor, null, null, null, '{}', array['\x68690a'::bytea]);
    perform holdfast.mark_supervisor_restored(v_supervisor, 'manual');

    select * into v_plan from holdfast.create_plan('a plan', '[{"id": "only", "verify": {"run": "true"}}, {"id": "then", "needs": ["only"]}]',
        '{"checklist": [{"id": "first", "command": ["true"]}]}');
    v_check := holdfast.check_condition(v_plan.id, null, null, 'first', 'command', '{}');
    perform holdfast.start_execution(v_check);
    perform holdfast.finish_execution(v_check, 'completed', p_result => jsonb_build_object(
        'command', '["true"]'::jsonb, 'exit_code', 0, 'output_sha256', encode(sha256(''), 'hex'), 'output_tail', '', 'duration_ms', 1));
    perform holdfast.record_condition(v_plan.id, null, null, 'first');
    perform holdfast.advance_plan(v_plan.id, null, null);
    perform holdfast.start_plan_step(v_plan.id, null, null, 'only');
    v_step := holdfast.verify_plan_step(v_plan.id, null, null, 'only', '{}', 'command', '{}');
    perform holdfast.start_execution(v_step.verification_id);
    perform holdfast.finish_execution(v_step.verification_id, 'completed', p_result => jsonb_build_object(
        'command', '["true"]'::jsonb, 'exit_code', 0, 'output_sha256', encode(sha256(''), 'hex'), 'output_tail', '', 'duration_ms', 1));
    perform holdfast.record_evidence(v_plan.id, null, null, 'only');
    perform holdfast.complete_plan_step(v_plan.id, null, null, 'only');
end
$$;
