"""`Holdfast`, what `connect()` gives: it wires the nouns to one engine."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias
from uuid import UUID

from holdfast import config
from holdfast.config import Settings
from holdfast.engine import opening
from holdfast.engine.calls import Engine
from holdfast.engine.doors import engine_at
from holdfast.engine.heart import Heart
from holdfast.engine.holding import held, holder_name
from holdfast.engine.postgres import PostgresEngine
from holdfast.errors import ConfigError, HoldfastError, LeaseLost, NotFound, WorkFailed
from holdfast.executions.run import Run
from holdfast.executions.service import AgentExecutionService
from holdfast.executions.writer import ExecutionWriter
from holdfast.live.asking import asking
from holdfast.live.broadcaster import StatusBroadcaster
from holdfast.live.cursor import Cursor
from holdfast.live.feed import follow, follow_remotely, position
from holdfast.live.following import Following
from holdfast.live.hub import Hub
from holdfast.live.subscription import Wish
from holdfast.live.watch import Watch
from holdfast.model.events import Event
from holdfast.model.kinds import kind_of
from holdfast.model.leases import Lease, LeaseKind
from holdfast.model.states import SupervisorState
from holdfast.plans import runner as plans
from holdfast.plans.creating import CreatedPlan, create_plan
from holdfast.plans.inputs import with_inputs
from holdfast.plans.spec import Plan
from holdfast.plans.steering import SteeredPlan
from holdfast.progress import ProgressTracker
from holdfast.supervisors.handle import Supervisor
from holdfast.supervisors.outcomes import LOOK_AGAIN_SECONDS
from holdfast.supervisors.running import SupervisorFunction
from holdfast.supervisors.writer import SupervisorWriter
from holdfast.telemetry import spans

CallableFunction: TypeAlias = Callable[..., Awaitable[Any] | Any]


def connect(
    url: str | None = None,
    *,
    token: str | None = None,
    venture: str | None = None,
    data_dir: str | Path | None = None,
    lease_seconds: float | None = None,
) -> Holdfast:
    """What a program holds on to; opened with `async with`.

    Args:
        url: a PostgreSQL server, or the address of a `holdfast up`; unset means the settings' one, else the embedded one.
        token: the API token that a `holdfast up` wants.
        venture: the slug of the venture that calls mean when they name none.
        data_dir: the embedded server's data folder.
        lease_seconds: how long leases last without a heartbeat, in seconds.

    Raises:
        ConfigError: a setting cannot be read.
        DatabaseUnavailable, DatabaseTooOld, NotMigrated, EmbeddedServerFailed: when it is opened.

    >>> connect(venture="acme").settings.venture
    'acme'
    """
    address: dict[str, Any] = (
        {} if url is None else {"url" if config.is_server(url) else "database_url": url}
    )
    return Holdfast(
        config.load(
            **address, token=token, venture=venture, data_dir=data_dir, lease_seconds=lease_seconds
        )
    )


class Holdfast:
    """One program's connection to its memory."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.supervisors: dict[str, SupervisorFunction] = {plans.HANDLER: self._run_plan}
        """The registered supervisor functions, by name; a worker runs them."""
        self.callables: dict[str, CallableFunction] = {}
        """The registered agents of kind `callable`, by name; a worker runs them."""
        self._stack = contextlib.AsyncExitStack()
        self._engine: Engine | None = None
        self._heart: Heart | None = None
        self._watch: Watch | None = None
        self._hub: Hub | None = None
        self._broadcaster: StatusBroadcaster | None = None
        self._ventures: dict[str, UUID] = {}
        self._writers: dict[UUID, ExecutionWriter] = {}
        self._supervisor_writers: dict[UUID, SupervisorWriter] = {}

    async def __aenter__(self) -> Holdfast:
        async with contextlib.AsyncExitStack() as stack:
            url = await stack.enter_async_context(opening.migrated_database(self.settings))
            self._engine = engine_at(url, self.settings)
            stack.push_async_callback(self._engine.close)
            await self._engine.open()
            self.settings = self.settings.among(self._engine.ventures)
            self._heart = Heart(url, settings=self.settings)
            stack.push_async_callback(asyncio.to_thread, self._heart.stop)
            self._watch = Watch(self._engine)
            stack.push_async_callback(self._watch.stop)
            if isinstance(self._engine, PostgresEngine):
                self._hub = Hub(self._engine)
                stack.push_async_callback(self._hub.stop)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ventures.clear()
        self._writers.clear()
        self._supervisor_writers.clear()
        self._broadcaster = None
        await self._stack.__aexit__(kind, error, trace)
        self._engine = None

    # Registering what workers run.

    def supervisor(self, name: str) -> Callable[[SupervisorFunction], SupervisorFunction]:
        """Register an async function as the supervisor of that name."""

        def register(function: SupervisorFunction) -> SupervisorFunction:
            self.supervisors[name] = function
            return function

        return register

    def callable(self, name: str) -> Callable[[CallableFunction], CallableFunction]:
        """Register a function as the agent of that name; it is given the `Run` and the input's values."""

        def register(function: CallableFunction) -> CallableFunction:
            self.callables[name] = function
            return function

        return register

    # Executions.

    @asynccontextmanager
    async def execution(
        self,
        name: str,
        *,
        venture: str | None = None,
        steps: int | None = None,
        agent: str | None = None,
        **values: Any,
    ) -> AsyncIterator[Run]:
        """Track what the block does as one execution: completed when it ends, failed when it raises.

        Args:
            name: what people call it.
            venture: the slug of its venture.
            steps: how many steps it will have; progress is derived from them.
            agent: who does it.
            values: more of `begin_execution`: input, role, metadata, directive_id, session_id.

        Raises:
            LeaseLost: the lease was lost; the block was cancelled and nothing it wrote since was kept.
        """
        venture_id = await self.venture_id(venture)
        row = await self.engine.call_row(
            "begin_execution",
            name=name,
            holder=holder_name(),
            lease_seconds=self.settings.lease_seconds,
            total_steps=steps,
            agent=agent,
            **values,
            venture_id=venture_id,
        )
        lease = Lease(
            kind=LeaseKind.EXECUTION,
            venture_id=venture_id,
            id=row["id"],
            epoch=row["epoch"],
            token=row["token"],
        )
        run = Run(lease=lease, name=name, engine=self.engine, writer=self.writer(venture_id))
        span = spans.invoking(run.id, venture_id=venture_id, name=name, agent=agent or name)
        async with held(lease, self.heart):
            try:
                with span:
                    yield run
                await run.flush()
                await self._finish(run, status="completed", result=run.result)
            except LeaseLost:
                raise
            except (Exception, asyncio.CancelledError) as error:
                # Whatever the database says to this, the block's own error is the one to raise.
                with contextlib.suppress(HoldfastError):
                    await run.flush()
                with contextlib.suppress(HoldfastError):
                    await self._finish(
                        run, status="failed", error=f"{type(error).__name__}: {error}"
                    )
                raise

    async def _finish(self, run: Run, **outcome: Any) -> None:
        await self.engine.call(
            "finish_execution", execution_id=run.id, **run.lease.fence, **outcome
        )

    async def execution_service(self, venture: str | None = None) -> AgentExecutionService:
        """Executions under the older system's names."""
        return AgentExecutionService(self.engine, await self.venture_id(venture))

    async def progress_tracker(self, venture: str | None = None) -> ProgressTracker:
        """How far executions are, and how long they will still take."""
        return ProgressTracker(self.engine, await self.venture_id(venture))

    # Supervisors and questions.

    async def start(
        self, name: str, *, venture: str | None = None, key: str | None = None, **input: Any
    ) -> UUID:
        """Create a supervisor for a worker to run; with a key, only once. Gives its id."""
        row = await self.engine.call_row(
            "create_supervisor",
            name=name,
            handler=name,
            input=input,
            key=key,
            venture_id=await self.venture_id(venture),
        )
        created: UUID = row["id"]
        return created

    async def result(self, supervisor_id: UUID, *, venture: str | None = None) -> Any:
        """Wait until a supervisor has ended, on whichever worker; gives its result.

        Raises:
            WorkFailed: it failed; the text says why.
            NotFound: there is none with that id.
        """
        venture_id = await self.venture_id(venture)
        async with self.watch.interest([supervisor_id]) as wake:
            while True:
                rows = await self.engine.read("supervisor", venture_id, supervisor_id)
                if not rows:
                    raise NotFound(
                        f"There is no supervisor {supervisor_id}.",
                        hint="Check the id and the venture.",
                    )
                match SupervisorState(rows[0]["state"]):
                    case SupervisorState.COMPLETED:
                        return rows[0]["result"]
                    case SupervisorState.FAILED:
                        raise WorkFailed(
                            f"The supervisor {rows[0]['name']} failed: {rows[0]['error_message']}"
                        )
                await wake.wait(LOOK_AGAIN_SECONDS)

    async def spawn(
        self, agent: str, /, *, name: str | None = None, venture: str | None = None, **input: Any
    ) -> UUID:
        """Queue an execution for a worker: the callable of that name, `command` with `command=[…]`, or `claude` with `prompt=…`. Gives its id."""
        created: UUID = await self.engine.call_value(
            "create_execution",
            name=name or agent,
            kind=kind_of(agent),
            agent=agent,
            input=input,
            venture_id=await self.venture_id(venture),
        )
        return created

    async def questions(
        self,
        *,
        venture: str | None = None,
        open_only: bool = True,
        mine: bool = False,
        person: str | None = None,
    ) -> list[dict[str, Any]]:
        """The questions of a venture, oldest first.

        Args:
            venture: its slug; unset means the settings' one.
            open_only: leave out those that are settled.
            mine: only those that are for the caller.
            person: who the caller is, where no token says it.
        """
        rows = await self.engine.read(
            "questions", await self.venture_id(venture), open_only, mine, person
        )
        return [dict(row) for row in rows]

    async def question(
        self, question_id: UUID, *, venture: str | None = None, person: str | None = None
    ) -> dict[str, Any]:
        """One question with all that is known of it; raises `NotFound`."""
        rows = await self.engine.read(
            "question", await self.venture_id(venture), question_id, person
        )
        if not rows:
            raise NotFound(
                f"There is no question {question_id}.", hint="Check the id and the venture."
            )
        return dict(rows[0])

    async def answer(
        self,
        question_id: UUID,
        answer: Any,
        *,
        venture: str | None = None,
        answered_by: str | None = None,
        action_digest: bytes | None = None,
    ) -> None:
        """Answer an open question; raises `AlreadyAnswered`, `InvalidValue`, `NotAllowed`, `NotFound`.

        With the digest of an action it is answered only if it is about that one; else it raises `Conflict`.
        """
        await self.engine.call(
            "answer_question",
            question_id=question_id,
            answer=answer,
            answered_by=answered_by or holder_name(),
            action_digest=action_digest,
            venture_id=await self.venture_id(venture),
        )

    async def withdraw(
        self, question_id: UUID, *, reason: str | None = None, venture: str | None = None
    ) -> None:
        """Withdraw an open question for its asker; raises `IllegalMove`, `NotFound`."""
        await self.engine.call(
            "dismiss_question",
            question_id=question_id,
            reason=reason,
            venture_id=await self.venture_id(venture),
        )

    async def create_plan(
        self,
        plan: Plan,
        *,
        cwd: Path | None = None,
        work_dir: Path | None = None,
        inputs: Mapping[str, Any] | None = None,
        venture: str | None = None,
    ) -> CreatedPlan:
        """Make a plan that workers will run.

        Args:
            plan: made in Python, or read with `load_plan`.
            cwd: the folder that its commands start in; unset: this process's.
            work_dir: the folder that its steps keep files in; unset: the same.
            inputs: values of its inputs.
            venture: the slug; unset: the setting's.

        Raises:
            PlanError: something about it is wrong; nothing was made.
        """
        folder = (cwd or Path.cwd()).resolve()
        return await create_plan(
            self.engine,
            await self.venture_id(venture),
            with_inputs(plan, inputs or {}),
            cwd=folder,
            work_dir=(work_dir or folder).resolve(),
        )

    async def run_plan(self, plan: Plan, *, venture: str | None = None, **made: Any) -> Any:
        """Make a plan as `create_plan` does, and wait until a worker has run it to its end.

        Raises:
            WorkFailed: its runner failed.
        """
        created = await self.create_plan(plan, venture=venture, **made)
        return await self.result(created.supervisor_id, venture=venture)

    async def plan(self, plan_id: UUID, *, venture: str | None = None) -> SteeredPlan:
        """A plan to be paused, resumed, stopped or rolled back."""
        return SteeredPlan(self.engine, await self.venture_id(venture), plan_id)

    # Events.

    async def position(self) -> Cursor:
        """Where the feed ends now: take it, read the state, follow from it, and nothing is missed."""
        return await position(self.engine)

    async def events(
        self, *, since: Cursor | str | None = None, venture: str | None = None
    ) -> AsyncGenerator[tuple[Event, Cursor]]:
        """Every event of a venture in order, each with the cursor behind it, for ever.

        `since` is a cursor or its text, "start" for all there is, or unset for what happens from now on.
        """
        venture_id = await self.venture_id(venture)
        tail = follow(self.engine, venture_id=venture_id, since=since)
        async with contextlib.aclosing(aiter(tail)) as items:
            async for item in items:
                yield item

    def subscribe(
        self,
        *,
        venture: str | None = None,
        directive: str | UUID | None = None,
        session: str | UUID | None = None,
        supervisor: str | UUID | None = None,
        execution: str | UUID | None = None,
        plan: str | UUID | None = None,
        kinds: Iterable[str] = (),
        since: Cursor | str | None = None,
    ) -> Following:
        """Every event of a venture, or of one thing and all that works on it, as it happens.

            async for event in hf.subscribe(directive="SD-12"):
                print(event.type, event.data)

        Args:
            venture: its slug; unset means the settings' one.
            directive: its key or id; the directives below it, the plans, supervisors and executions that work on
                them, and the sessions that hold them are followed too.
            session: its name or id, with the supervisors and executions that work in it.
            supervisor: its id, with its executions.
            execution: its id.
            plan: its id, with its supervisor and its executions.
            kinds: only these kinds of streams, such as `execution`.
            since: a cursor or its text, "start" for all there is, unset for what happens from now on.

        Raises:
            FeedReset: while iterating, what comes next is no longer kept.
            NotFound: while iterating, there is no such thing.
            InvalidValue: more than one thing is named, or `since` is no cursor.
        """
        nouns = {
            "directive": directive,
            "session": session,
            "supervisor": supervisor,
            "execution": execution,
            "plan": plan,
        }
        named = {noun: str(value) for noun, value in nouns.items() if value is not None}
        wanted = asking(named, kinds=kinds, since=since)
        if self.is_remote:
            slug = venture or self.settings.venture
            return follow_remotely(self.engine, slug, named, kinds=kinds, since=since)

        async def wish() -> Wish:
            return await wanted.wish("", await self.venture_id(venture), self.engine)

        return Following(wish, hub=self.hub, reads=self.engine)

    def status_broadcaster(self) -> StatusBroadcaster:
        """The feed under the older system's names; its subscriptions end with the connection."""
        if self._broadcaster is None:
            self._broadcaster = StatusBroadcaster(
                self.engine,
                follow=lambda venture: self.subscribe(venture=venture),
                find_venture=self.venture_id,
            )
            self._stack.push_async_callback(self._broadcaster.close)
        return self._broadcaster

    async def _run_plan(self, supervisor: Supervisor) -> dict[str, Any]:
        """A plan's runner is a supervisor."""
        runner = plans.PlanRunner(
            supervisor,
            engine=self.engine,
            heart=self.heart,
            watch=self.watch,
            settings=self.settings,
        )
        return await runner.run()

    # Parts, for the packages above.

    @property
    def engine(self) -> Engine:
        """The door to the database."""
        if self._engine is None:
            raise HoldfastError(
                "Holdfast is not connected.",
                hint="Use it inside: async with holdfast.connect() as hf",
            )
        return self._engine

    @property
    def is_remote(self) -> bool:
        """Whether there is a server between here and the database."""
        return not isinstance(self.engine, PostgresEngine)

    @property
    def database(self) -> PostgresEngine:
        """The same, where it is the database itself and not a server in front of it."""
        if not isinstance(self.engine, PostgresEngine):
            raise ConfigError(
                f"This works on the database itself, and url names the server {self.engine.url}.",
                hint="Run it on that machine, or set HOLDFAST_DATABASE_URL here.",
            )
        return self.engine

    @property
    def heart(self) -> Heart:
        """What beats for the leases held here."""
        assert self._heart is not None
        return self._heart

    @property
    def hub(self) -> Hub:
        """Where subscriptions of this process join the feed."""
        if self._hub is None:
            self._hub = Hub(self.database)
        return self._hub

    @property
    def watch(self) -> Watch:
        """What wakes who waits for a change."""
        assert self._watch is not None
        return self._watch

    async def venture_id(self, slug: str | None = None) -> UUID:
        """The id of a venture, which is made when it is not there yet."""
        slug = slug or self.settings.venture
        if slug not in self._ventures:
            self._ventures[slug] = await self.engine.call_value("open_venture", slug=slug)
        return self._ventures[slug]

    def writer(self, venture_id: UUID) -> ExecutionWriter:
        """The shared writer of a venture's executions."""
        if venture_id not in self._writers:
            self._writers[venture_id] = ExecutionWriter(self.engine, venture_id)
        return self._writers[venture_id]

    def supervisor_writer(self, venture_id: UUID) -> SupervisorWriter:
        """The shared writer of a venture's supervisors."""
        if venture_id not in self._supervisor_writers:
            self._supervisor_writers[venture_id] = SupervisorWriter(self.engine, venture_id)
        return self._supervisor_writers[venture_id]
