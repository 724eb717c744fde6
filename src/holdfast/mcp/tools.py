"""The tools: what each is for, in the words that the agent reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Protocol, TypeAlias
from uuid import UUID

from mcp.server.mcpserver import Context
from pydantic import BaseModel, Field

from holdfast.mcp.caller import Caller, caller_of
from holdfast.mcp.completing import Tick
from holdfast.mcp.desk import Desk
from holdfast.model.directives import DirectivePhase
from holdfast.model.kinds import kind_of
from holdfast.model.states import LogLevel

DEFAULT_WAIT_SECONDS = 25.0
MOST_WAIT_SECONDS = 3600.0

Result: TypeAlias = dict[str, Any]
CallKey = Annotated[
    str | None,
    Field(
        description="Your own id of this call, at most 200 characters: a call that is repeated with it changes nothing "
        "and gets the first one's result. Leave it out if your program sends ids of its own.",
        min_length=1,
        max_length=200,
    ),
]


class Step(BaseModel):
    """One step of the work."""

    name: str = Field(description="What is done in it.", min_length=1)
    status: Literal["pending", "in_progress", "completed"] = "pending"


class Audience(BaseModel):
    """Whom a question is for: whoever is the person or has the role."""

    person: str | None = Field(default=None, description="A user's id or mail address.")
    role: Literal["viewer", "agent", "operator", "owner"] | None = None


class Front(Protocol):
    """Receives a tool call: who makes it, and at which desk."""

    def desk(self, ctx: Context) -> Desk:
        """Where the call is answered."""

    def caller(self, ctx: Context, key: str | None) -> Caller:
        """The session that it is of, and its id."""


class Tools:
    """What an agent can do; each method is a tool of the same name."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def claim_work(
        self,
        *,
        ctx: Context,
        key: Annotated[
            str | None,
            Field(description="The directive's key, such as SD-7. Unset: the next free one."),
        ] = None,
        switch: Annotated[
            bool, Field(description="Give back what the session holds, and claim this instead.")
        ] = False,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Claim a directive, so that no other session works on it, and get what there is to do.

        Without a key it is the next one that is free: by priority, then age, with nothing in its way. A session holds
        one directive at a time. If another session holds it you are told which, since when and until when: take
        another one. If nothing is free, `claimed` is null.
        """
        caller = self._front.caller(ctx, idempotency_key)
        claimed = await self._front.desk(ctx).call(
            caller, "claim_work", {"key": key, "switch": switch}
        )
        if claimed["claimed"] is None:
            return claimed
        directive = (await self._front.desk(ctx).context(caller)).get("directive")
        return {**claimed, **({"directive": directive} if directive else {})}

    async def get_context(self, ctx: Context) -> Result:
        """Find out where you are: call it first, and whenever you come back or are unsure.

        Gives the directive that the session holds with its phase, its children and its verification command; the
        progress of it and of its tree; what was spawned; open questions and how many answers wait; and what changed
        since you asked last.
        """
        return await self._front.desk(ctx).context(self._front.caller(ctx, None))

    async def report_progress(
        self,
        *,
        ctx: Context,
        steps: Annotated[
            list[Step] | None,
            Field(
                description="The whole list of steps each time, done ones too, in order. The percentage is derived from it."
            ),
        ] = None,
        activity: Annotated[
            str | None,
            Field(description="What you are doing now, in a few words.", max_length=2000),
        ] = None,
        phase: Annotated[
            DirectivePhase | None,
            Field(description="The phase that the directive moves to: one step on, or back."),
        ] = None,
        reason: Annotated[
            str | None, Field(description="Why the directive goes back to an earlier phase.")
        ] = None,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Report how far the work is, so that people see it live and whoever goes on with it knows.

        Give your list of steps at the start of the work and whenever one begins or ends.
        """
        listed = None if steps is None else [step.model_dump() for step in steps]
        arguments = {"steps": listed, "activity": activity, "phase": phase, "reason": reason}
        return await self._front.desk(ctx).call(
            self._front.caller(ctx, idempotency_key), "report_progress", arguments
        )

    async def log(
        self,
        *,
        ctx: Context,
        message: Annotated[str, Field(max_length=16_000)],
        level: LogLevel = LogLevel.INFO,
        data: Annotated[
            dict[str, Any] | None, Field(description="Values to keep beside the message.")
        ] = None,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Write down a finding or a decision of the work: it is kept, and people see it live."""
        arguments = {"message": message, "level": level, "data": data}
        return await self._front.desk(ctx).call(
            self._front.caller(ctx, idempotency_key), "log", arguments
        )

    async def ask_human(
        self,
        *,
        ctx: Context,
        question: Annotated[str, Field(min_length=1, max_length=20_000)],
        options: Annotated[
            list[str] | None,
            Field(
                description="The answers to choose from. Unset: any answer.",
                min_length=1,
                max_length=100,
            ),
        ] = None,
        context: Annotated[
            str | None, Field(description="What the person must see to decide, such as a diff.")
        ] = None,
        answer_schema: Annotated[
            dict[str, Any] | None,
            Field(description="The form of the answer as a JSON Schema, instead of options."),
        ] = None,
        audience: Annotated[
            Audience | None, Field(description="Whom it is for. Unset: operators.")
        ] = None,
        default: Annotated[
            Any, Field(description="The answer that counts when nobody answers in time.")
        ] = None,
        expires_in_minutes: Annotated[
            float | None,
            Field(description="How long it is open. Unset: for ever.", gt=0, le=525_600),
        ] = None,
        on_expiry: Annotated[
            Literal["default", "fail"] | None,
            Field(description="What happens then: the default counts, or nobody has answered."),
        ] = None,
        action: Annotated[
            Any,
            Field(
                description="What exactly an approval is for, such as the command that you want to run: "
                "asked about another action it is another question."
            ),
        ] = None,
        wait_seconds: Annotated[
            float,
            Field(description="How long to wait for the answer.", ge=0, le=MOST_WAIT_SECONDS),
        ] = DEFAULT_WAIT_SECONDS,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Ask a person, and wait a while for the answer.

        If nobody answers in that time you get a ticket: the question stays open, and check_answers gives the answer
        when it has come. Go on with what does not depend on it. Acknowledge an answer once you have acted on it, with
        check_answers; until then it is handed over again, also after a crash.
        """
        caller = self._front.caller(ctx, idempotency_key)
        arguments = {
            "question": question,
            "options": options,
            "context": context,
            "answer_schema": answer_schema,
            "audience": audience and audience.model_dump(exclude_none=True),
            "default": default,
            "expires_in_minutes": expires_in_minutes,
            "on_expiry": on_expiry,
            "action": action,
        }
        asked = await self._front.desk(ctx).call(caller, "ask_human", arguments)
        answered = await self._front.desk(ctx).wait_for_answer(
            caller,
            UUID(asked["ticket"]),
            seconds=wait_seconds,
            tick=_ticker(ctx, "waiting for a person"),
        )
        return {"ticket": asked["ticket"], **answered}

    async def list_questions(self, ctx: Context) -> Result:
        """List what waits for a person in the whole venture, so that you can tell the person whom you work with.

        Only people answer: with `holdfast answer ID`, in the dashboard, or wherever they were told of it. Never answer
        one yourself.
        """
        return await self._front.desk(ctx).inbox(self._front.caller(ctx, None))

    async def check_answers(
        self,
        *,
        ctx: Context,
        acknowledge: Annotated[
            list[UUID] | None,
            Field(
                description="The tickets of the answers that you have acted on; these are not given again."
            ),
        ] = None,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Get the answers that people have given to your questions, and acknowledge those that you have acted on.

        An answer that is not acknowledged is given again, marked `handed_over_before`; completing the directive for
        which it was asked acknowledges it too. `open` lists the questions that nobody has answered yet.
        """
        tickets = [str(ticket) for ticket in acknowledge or ()]
        return await self._front.desk(ctx).call(
            self._front.caller(ctx, idempotency_key), "check_answers", {"acknowledge": tickets}
        )

    async def complete_work(
        self,
        *,
        ctx: Context,
        summary: Annotated[
            str,
            Field(
                description="What was done, for people and for the parent directive.",
                min_length=1,
                max_length=8000,
            ),
        ],
        idempotency_key: CallKey = None,
    ) -> Result:
        """Complete the directive that the session holds.

        If it has a verification command, that is run first and must pass; if it fails you get the end of its output,
        and the directive stays yours.
        """
        return await self._front.desk(ctx).complete(
            self._front.caller(ctx, idempotency_key), summary, tick=_ticker(ctx, "verifying")
        )

    async def block_work(
        self,
        *,
        ctx: Context,
        reason: Annotated[
            str,
            Field(
                description="What is in the way, and what would clear it.",
                min_length=1,
                max_length=8000,
            ),
        ],
        idempotency_key: CallKey = None,
    ) -> Result:
        """Give up the directive that the session holds because something is in its way; a person clears it."""
        return await self._front.desk(ctx).call(
            self._front.caller(ctx, idempotency_key), "block_work", {"reason": reason}
        )

    async def spawn(
        self,
        *,
        ctx: Context,
        agent: Annotated[
            str,
            Field(
                description="Who does it: `command`, or the name of an agent that a worker knows.",
                min_length=1,
            ),
        ],
        input: Annotated[
            dict[str, Any] | None,
            Field(
                description='What it is given, such as {"command": ["make", "test"]} for `command`.'
            ),
        ] = None,
        name: Annotated[
            str | None, Field(description="What people call it.", max_length=500)
        ] = None,
        role: Annotated[str | None, Field(description="The role that it has in the work.")] = None,
        idempotency_key: CallKey = None,
    ) -> Result:
        """Queue a piece of work for a worker, which runs it beside you; get_context shows how it stands."""
        arguments = {
            "agent": agent,
            "kind": kind_of(agent),
            "input": input,
            "name": name or agent,
            "role": role,
        }
        return await self._front.desk(ctx).call(
            self._front.caller(ctx, idempotency_key), "spawn", arguments
        )


def _ticker(ctx: Context, doing: str) -> Tick:
    """Tells the agent program that a call goes on, so that it does not give up on it."""

    async def tick(seconds: float) -> None:
        await ctx.report_progress(seconds, message=doing)

    return tick


def caller_from(ctx: Context, names: Mapping[str, str], key: str | None) -> Caller:
    """Who calls, as the call's metadata and these names say."""
    request = ctx.request_context
    client = request.session.client_params
    meta = dict(request.meta) if request.meta else None
    # "claude-code", "codex-mcp-client": the program's name stands first
    agent = client.client_info.name.partition("-")[0] if client else None
    return caller_of(meta, names, agent=agent, key=key)
