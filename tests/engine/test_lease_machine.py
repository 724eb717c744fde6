"""Leases against an independent model: sessions, the claim on a directive, and a supervisor, in any order of calls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from holdfast.errors import Refused
from tests.support.lease_model import MAX_DEATHS, Claim, Session, Supervisor
from tests.support.machines import LEASE_SECONDS, SqlMachine, pick, run_machine, seconds_of
from tests.support.sql import Token

NAMES = ("s0", "s1", "s2")
names = st.sampled_from(NAMES)
ages = st.integers(0, 3)


class LeaseMachine(SqlMachine):
    """Any call, with any token that was ever given out, at any time."""

    @initialize()
    def begin(self) -> None:
        self.sessions = {name: Session() for name in NAMES}
        self.claim, self.supervisor = Claim(), Supervisor()
        self.tokens: dict[str, list[Token]] = {name: [] for name in (*NAMES, "claim", "supervisor")}
        self.call("add_directive", sd_key="SD-1", title="contested", status="active")
        made = self.call("create_supervisor", name="contested", handler="h")
        assert isinstance(made, list)
        self.supervisor_id: UUID = made[0]["id"]
        self.session_ids: dict[str, UUID] = {}

    def _fence(self, of: str, age: int) -> tuple[Token, dict[str, Any]]:
        token = pick(self.tokens[of], age)
        return token, token._asdict()

    def _gave(self, of: str, found: object, expected: type[Refused] | None) -> Any:
        """The row of a lease that the model expects to be given, noted; or nothing, if it is refused."""
        if not isinstance(found, list):
            assert found is expected
            return None
        assert expected is None, f"given, though the model says {expected}"
        (row,) = found
        self.tokens[of].append(Token(row["epoch"], row["token"]))
        return row

    @rule(seconds=st.sampled_from([1, 10, LEASE_SECONDS - 1, LEASE_SECONDS, LEASE_SECONDS + 1]))
    def time_passes(self, seconds: float) -> None:
        self.move_clock(seconds)

    @rule()
    def reap(self) -> None:
        self.require("reap", None, max_deaths=MAX_DEATHS)
        self.supervisor.reap(self.now)
        for session in self.sessions.values():
            session.reap(self.now)

    @rule()
    def all_holders_die(self) -> None:
        self.time_passes(LEASE_SECONDS)
        self.reap()

    # --- sessions -----------------------------------------------------------------------------------------------------

    @rule(name=names)
    def start_session(self, name: str) -> None:
        session = self.sessions[name]
        found = self.call("start_session", session_id=name, lease_seconds=LEASE_SECONDS)
        row = self._gave(name, found, session.startable(self.now))
        if row is not None:
            assert row["resumed"] == (session.epoch > 0)
            session.give(self.tokens[name][-1], self.now + LEASE_SECONDS)
            session.state = "running"
            self.session_ids[name] = row["id"]

    @rule(name=names, age=ages)
    def save_session(self, name: str, age: int) -> None:
        token, fence = self._fence(name, age)
        expected = self.sessions[name].write(token, self.now)
        self.require("save_session", expected, session_id=name, **fence)

    @rule(name=names, age=ages, function=st.sampled_from(["end_session", "interrupt_session"]))
    def close_session(self, name: str, age: int, function: str) -> None:
        token, fence = self._fence(name, age)
        session = self.sessions[name]
        expected = session.write(token, self.now)
        self.require(function, expected, session_id=name, **fence)
        if expected is None:
            session.close("ended" if function == "end_session" else "lost")
            if self.claim.holder == name and self.claim.lives(self.now):
                self.claim.end()

    # --- the claim on the directive ----------------------------------------------------------------------------------

    @rule(name=names, age=ages, take_over=st.booleans())
    def claim_directive(self, name: str, age: int, take_over: bool) -> None:
        token, fence = self._fence(name, age)
        expected = self.sessions[name].write(token, self.now)
        if expected is None:
            expected = self.claim.claimable(name, self.now, take_over=take_over)
        found = self.call(
            "claim_directive", session_id=name, **fence, sd_key="SD-1",
            lease_seconds=LEASE_SECONDS, take_over_reason="a reason" if take_over else None,
        )  # fmt: skip
        if self._gave("claim", found, expected) is not None:
            self.claim.give(self.tokens["claim"][-1], self.now + LEASE_SECONDS)
            self.claim.holder = name

    @rule(age=ages)
    def release_directive(self, age: int) -> None:
        token, fence = self._fence("claim", age)
        expected = self.claim.release(token, self.now)
        self.require("release_directive", expected, sd_key="SD-1", **fence)
        if expected is None:
            self.claim.end()

    # --- the supervisor -----------------------------------------------------------------------------------------------

    @rule()
    def claim_supervisor(self) -> None:
        expected = self.supervisor.claimable(self.now)
        found = self.call(
            "claim_supervisors", holder="w", ids=[self.supervisor_id],
            lease_seconds=LEASE_SECONDS, max_deaths=MAX_DEATHS,
        )  # fmt: skip
        if expected is None:
            self.supervisor.reap(self.now)  # who asks by name does not wait for the sweep
            if self.supervisor.failed:
                assert found == []
                return
        if self._gave("supervisor", found, expected) is not None:
            self.supervisor.give(self.tokens["supervisor"][-1], self.now + LEASE_SECONDS)

    @rule(age=ages, gets_on=st.booleans())
    def write_supervisor(self, age: int, gets_on: bool) -> None:
        token, fence = self._fence("supervisor", age)
        expected = self.supervisor.write(token, self.now)
        who = {"supervisor_id": self.supervisor_id, **fence}
        if not gets_on:
            self.require("save_supervisor", expected, **who, progress=1)
            return
        self.require("save_checkpoint", expected, **who, parent=None)
        if expected is None:
            self.supervisor.deaths = 0

    @rule(age=ages)
    def release_supervisor(self, age: int) -> None:
        token, fence = self._fence("supervisor", age)
        expected = self.supervisor.release(token, self.now)
        self.require("release_supervisor", expected, supervisor_id=self.supervisor_id, **fence, reason="r")  # fmt: skip
        if expected is None:
            self.supervisor.end()

    @rule(age=ages)
    def finish_supervisor(self, age: int) -> None:
        token, fence = self._fence("supervisor", age)
        expected = self.supervisor.finish(token, self.now)
        self.require("finish_supervisor", expected, supervisor_id=self.supervisor_id, **fence, state="failed")  # fmt: skip
        if expected is None:
            self.supervisor.close()

    # --- beats of everything ------------------------------------------------------------------------------------------

    @rule(of=st.sampled_from([*NAMES, "claim", "supervisor"]), age=ages, seconds=st.sampled_from([10, LEASE_SECONDS, 90]))  # fmt: skip
    def beat(self, of: str, age: int, seconds: float) -> None:
        token, _ = self._fence(of, age)
        kind, id_, lease = self._leased(of)
        if id_ is None or lease is None:
            return
        ended = (isinstance(lease, Session) and lease.state == "ended") or (
            isinstance(lease, Supervisor) and lease.failed
        )
        ended_itself = ended and token == lease.token and token.token is not None
        alive = not ended and lease.beat(token, self.now, seconds)
        lost = self.call("renew_leases", kinds=[kind], ids=[id_], epochs=[token.epoch], tokens=[token.token], lease_seconds=seconds)  # fmt: skip
        assert isinstance(lost, list)
        assert (lost == []) == (alive or ended_itself)

    def _leased(self, of: str) -> tuple[str, UUID | None, Claim | Session | Supervisor | None]:
        if of == "supervisor":
            return "supervisor", self.supervisor_id, self.supervisor
        if of == "claim":
            rows = self.read("select id from holdfast.directives")
            return "directive", rows[0]["id"], self.claim
        return "session", self.session_ids.get(of), self.sessions[of]

    @invariant()
    def database_and_model_agree(self) -> None:
        if not hasattr(self, "claim"):
            return
        rows: dict[str, Any] = {}
        for row in self.read("select * from holdfast.claude_sessions"):
            session = self.sessions[row["session_id"]]
            assert row["state"] == session.state
            rows[row["session_id"]] = (row, session)
        assert rows.keys() == {n for n, s in self.sessions.items() if s.state is not None}
        for row in self.read("select * from holdfast.supervisor_states"):
            assert (row["state"] == "failed", row["deaths_in_a_row"]) == (self.supervisor.failed, self.supervisor.deaths)  # fmt: skip
            rows["supervisor"] = (row, self.supervisor)
        for row in self.read(
            "select c.*, s.session_id as holder from holdfast.directive_claims c"
            " left join holdfast.claude_sessions s on s.id = c.session_id"
        ):
            assert row["holder"] == self.claim.holder
            rows["claim"] = (row, self.claim)
        for name, (row, lease) in rows.items():
            found = (row["lease_epoch"], row["lease_token"], seconds_of(row, "lease_expires_at"))
            assert found == (lease.epoch, lease.token.token, lease.expires), name


def test_leases_behave_as_their_model_does(holdfast_url: str) -> None:
    run_machine(LeaseMachine, holdfast_url)
