-- Done has evidence: which command ran, how it ended, what it printed and when.

-- What completing a directive says of its verification, for the event. Refuses without a run of it that passed; an
-- operator may go without one, with a reason.
create function holdfast.require_done(
    p_directive holdfast.directives, p_evidence jsonb, p_unverified boolean, p_reason text)
returns jsonb
language plpgsql as $$
declare
    v_given directive_evidence;
begin
    if p_unverified then
        perform enter(p_directive.venture_id, 'operator');
        if nullif(trim(p_reason), '') is null then
            perform refuse('HF005', format('reason is empty; completing %s unverified needs one.', p_directive.sd_key), 'Give a reason.');
        end if;
        return jsonb_build_object('unverified', true);
    elsif p_evidence is null and p_directive.verification is null then
        return '{}';
    elsif p_evidence is null then
        perform refuse('HF011', format('%s is done when its verification has passed: %s', p_directive.sd_key, p_directive.verification),
            'Run it and bring its evidence.', jsonb_build_object('sd_key', p_directive.sd_key, 'command', p_directive.verification));
    end if;
    v_given := given_evidence(p_directive, p_evidence);
    if not has_passed(v_given) then
        perform refuse('HF011', format('The verification of %s did not pass: %s', p_directive.sd_key, told_run(v_given)),
            'Correct what it found, and run it again.',
            jsonb_build_object('sd_key', p_directive.sd_key, 'command', v_given.command, 'exit_code', v_given.exit_code));
    end if;
    return jsonb_build_object('evidence', keep_evidence(v_given));
end
$$;

create function holdfast.has_passed(p_given holdfast.directive_evidence) returns boolean
language sql immutable parallel safe as $$
    select p_given.exit_code = 0 and not p_given.timed_out
$$;

create function holdfast.told_run(p_given holdfast.directive_evidence) returns text
language sql immutable parallel safe as $$
    select p_given.command || case when p_given.timed_out then ' was ended at its time limit'
        when p_given.exit_code < 0 then format(' was ended by signal %s', -p_given.exit_code)
        else format(' ended with exit code %s', p_given.exit_code) end
$$;

-- Reads what a caller brought. It must be a run of the directive's own command.
create function holdfast.given_evidence(p_directive holdfast.directives, p_evidence jsonb) returns holdfast.directive_evidence
language plpgsql as $$
declare
    v_given directive_evidence;
    v_wrong text := case
        when jsonb_typeof(p_evidence) is distinct from 'object' then 'is not an object'
        when p_directive.verification is null then 'is given though the directive has no verification'
        when jsonb_typeof(p_evidence -> 'exit_code') is distinct from 'number' then 'has no exit_code that is a number'
        when coalesce(p_evidence ->> 'output_digest', '') !~ '^[0-9a-f]{64}$' then 'has no output_digest of 64 hexadecimal digits'
        when jsonb_typeof(p_evidence -> 'output_tail') is distinct from 'string' then 'has no output_tail'
        when length(p_evidence ->> 'output_tail') > 16384 then 'has an output_tail of more than 16384 characters' end;
begin
    if v_wrong is null and p_evidence ->> 'command' is distinct from p_directive.verification then
        perform refuse('HF011', format('The evidence is of %L; the verification of %s is %L.',
            p_evidence ->> 'command', p_directive.sd_key, p_directive.verification), 'Run the directive''s own command.',
            jsonb_build_object('sd_key', p_directive.sd_key, 'command', p_directive.verification));
    elsif v_wrong is null then
        begin
            v_given.exit_code := (p_evidence ->> 'exit_code')::integer;
            v_given.timed_out := coalesce((p_evidence ->> 'timed_out')::boolean, false);
            v_given.started_at := (p_evidence ->> 'started_at')::timestamptz;
            v_given.ended_at := (p_evidence ->> 'ended_at')::timestamptz;
        exception when data_exception then
            v_wrong := 'has a value that cannot be read: ' || sqlerrm;
        end;
        if v_wrong is null and (v_given.ended_at >= v_given.started_at) is not true then
            v_wrong := 'does not end after it started';
        end if;
    end if;
    if v_wrong is not null then
        perform refuse('HF005', format('The evidence for %s %s.', p_directive.sd_key, v_wrong),
            'It has command, exit_code, output_digest, output_tail, started_at and ended_at.',
            jsonb_build_object('sd_key', p_directive.sd_key));
    end if;
    v_given.venture_id := p_directive.venture_id;
    v_given.directive_id := p_directive.id;
    v_given.command := p_directive.verification;
    v_given.output_digest := decode(p_evidence ->> 'output_digest', 'hex');
    v_given.output_tail := p_evidence ->> 'output_tail';
    return v_given;
end
$$;

-- Keeps a run beside its directive, whose row the caller has locked; gives what the event says of it.
create function holdfast.keep_evidence(p_given holdfast.directive_evidence) returns jsonb
language plpgsql as $$
begin
    insert into directive_evidence (venture_id, directive_id, number, command, exit_code, timed_out, output_digest, output_tail,
        started_at, ended_at, recorded_at)
    select p_given.venture_id, p_given.directive_id, coalesce(max(e.number), 0) + 1, p_given.command, p_given.exit_code,
        p_given.timed_out, p_given.output_digest, p_given.output_tail, p_given.started_at, p_given.ended_at, holdfast.now()
    from directive_evidence e where e.venture_id = p_given.venture_id and e.directive_id = p_given.directive_id;
    return jsonb_build_object('command', p_given.command, 'exit_code', p_given.exit_code, 'timed_out', p_given.timed_out,
        'output_digest', encode(p_given.output_digest, 'hex'), 'output_tail', right(p_given.output_tail, 2000),
        'started_at', p_given.started_at, 'ended_at', p_given.ended_at);
end
$$;

-- Counts a failed attempt at a directive, whose row the caller has locked; gives how many there are now.
create function holdfast.count_failure(p_directive holdfast.directives, p_evidence jsonb, p_reason text, p_actor text) returns integer
language plpgsql as $$
declare
    v_given    directive_evidence;
    v_told     jsonb;
    v_seq      bigint;
    v_failures integer;
begin
    if p_evidence is not null then
        v_given := given_evidence(p_directive, p_evidence);
        if has_passed(v_given) then
            perform refuse('HF005', format('The evidence for %s is of a run that passed.', p_directive.sd_key),
                'Say that it is completed.', jsonb_build_object('sd_key', p_directive.sd_key));
        end if;
        v_told := keep_evidence(v_given);
    elsif nullif(trim(p_reason), '') is null then
        perform refuse('HF005', format('Nothing says why the attempt at %s failed.', p_directive.sd_key), 'Give a reason or the evidence.');
    end if;
    update directives set failures = failures + 1, seq = seq + 1
    where venture_id = p_directive.venture_id and id = p_directive.id returning failures, seq into v_failures, v_seq;
    perform emit(p_directive.venture_id, 'directive', p_directive.id, v_seq, 'directive.attempt_failed', jsonb_strip_nulls(
        jsonb_build_object('sd_key', p_directive.sd_key, 'failures', v_failures, 'reason', p_reason, 'evidence', v_told)), p_actor);
    return v_failures;
end
$$;
