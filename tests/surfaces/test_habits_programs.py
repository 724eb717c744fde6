"""The programs of examples/habits, run as a person or a plan runs them, on a real database."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import pytest

HABITS = Path(__file__).parents[2] / "examples" / "habits"
PYTHON = Path(sys.executable).resolve()
SMALL = ("--children", "9", "--weeks", "6", "--habits", "15", "--records", "300")


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a program ended."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> Any:
        told = [line for line in self.stdout.splitlines() if line.startswith("::result ")]
        return json.loads(told[-1].removeprefix("::result "))


@dataclass(frozen=True, kw_only=True)
class Habits:
    """The example in one database and one work folder."""

    url: str
    work: Path

    async def run(self, name: str, *arguments: str, **environment: str) -> Ended:
        told = {"HABITS_DATABASE_URL": self.url, "HOLDFAST_WORK_DIR": str(self.work)}
        return await start(
            sys.executable, str(HABITS / f"{name}.py"), *arguments, **told | environment
        )

    async def must(self, name: str, *arguments: str, **environment: str) -> Any:
        ended = await self.run(name, *arguments, **environment)
        assert ended.exit_code == 0, ended.stdout + ended.stderr
        return ended.result

    async def deployed(self, *sizes: str) -> Habits:
        await self.must("generate", *(sizes or SMALL))
        await self.must("architect", "--forget", "nothing")
        await self.must("deploy")
        return self

    async def value(self, query: str) -> Any:
        connection = await asyncpg.connect(self.url)
        try:
            return await connection.fetchval(query)
        finally:
            await connection.close()

    async def do(self, script: str) -> None:
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(script)
        finally:
            await connection.close()

    def planted(self) -> dict[str, list[int]]:
        ids: dict[str, list[int]] = json.loads(self.read("planted.json"))["constraints"]
        return ids

    def read(self, name: str) -> str:
        return (self.work / name).read_text(encoding="utf-8")

    def edit_migration(self, old: str, new: str) -> None:
        sql = self.read("migration.sql")
        assert old in sql
        (self.work / "migration.sql").write_text(sql.replace(old, new), encoding="utf-8")


async def start(*command: str, **environment: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        *command,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate()
    assert process.returncode is not None
    return Ended(exit_code=process.returncode, stdout=stdout.decode(), stderr=stderr.decode())


@pytest.fixture
def habits_database_url(database_url: str) -> str:
    return database_url


@pytest.fixture
def habits(habits_database_url: str, tmp_path: Path) -> Habits:
    return Habits(url=habits_database_url, work=tmp_path)


# Found exactly


@pytest.mark.parametrize(
    "arguments",
    [
        ("--seed", "1"),
        ("--seed", "2", *SMALL),
        ("--seed", "-77", *SMALL),
        ("--seed", "2026", "--children", "1", "--weeks", "1", "--habits", "1", "--records", "1"),
        ("--seed", "5", "--dirty", "0", *SMALL),
    ],
    ids=" ".join,
)
async def test_the_whole_story_finds_exactly_the_planted_rows(
    habits: Habits, arguments: tuple[str, ...]
) -> None:
    await habits.must("generate", *arguments)
    await habits.must("architect")
    review = await habits.run("review")
    findings = json.dumps(review.result["findings"])
    await habits.must("architect", HOLDFAST_FINDINGS=findings)
    await habits.must("review")
    await habits.must("deploy")
    verified = await habits.must("verify")

    found = {each["name"]: each["ids"] for each in verified["constraints"]}
    assert found == habits.planted()
    assert all(each["violations"] == len(each["ids"]) for each in verified["constraints"])
    assert all(each["validated"] == (each["violations"] == 0) for each in verified["constraints"])


async def test_the_default_size_has_every_kind_of_dirt(habits: Habits) -> None:
    generated = await habits.must("generate")
    assert generated["rows"] == {"children": 20, "weeks": 26, "habits": 80, "records": 8000}
    kinds = [name for name, ids in habits.planted().items() if ids]
    assert len(kinds) >= 10
    assert await habits.value("select count(*) from habits.records where count < 0 or count > 7")


async def test_the_same_seed_makes_the_same_rows_and_another_seed_makes_others(
    habits: Habits,
) -> None:
    digest = "select md5(string_agg(r::text, ',' order by id)) from habits.records r"
    seen = []
    for seed in ("1", "1", "2"):
        await habits.must("generate", "--seed", seed, *SMALL)
        seen.append((await habits.value(digest), habits.read("planted.json")))
    assert seen[0] == seen[1]
    assert seen[0][0] != seen[2][0]


async def test_the_shadow_schema_lets_no_new_dirty_row_in(habits: Habits) -> None:
    await habits.deployed()
    new = "insert into habits_shadow.records values (99999, {habit}, 1, {count}, now())"
    with pytest.raises(asyncpg.CheckViolationError):
        await habits.do(new.format(habit=1, count=8))
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await habits.do(new.format(habit=4711, count=3))
    await habits.do(new.format(habit=1, count=3))


# What verify must not overlook


async def test_verify_fails_when_a_dirty_row_was_silently_repaired(habits: Habits) -> None:
    await habits.deployed()
    repaired = habits.planted()["records_count_range"][0]
    await habits.do(f"update habits_shadow.records set count = 3 where id = {repaired}")
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    assert verified.result["differences"] == [
        f"records_count_range: planted rows do not break it: {repaired}"
    ]


async def test_verify_fails_when_a_further_row_is_dirty(habits: Habits) -> None:
    await habits.deployed()
    dirty = {id_ for name, ids in habits.planted().items() if "records" in name for id_ in ids}
    spoiled = next(id_ for id_ in range(1, 300) if id_ not in dirty)
    await habits.do(
        "alter table habits_shadow.records disable trigger all;"
        f"update habits_shadow.records set habit_id = 4711 where id = {spoiled}"
    )
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    assert verified.result["differences"] == [
        f"records_habit_id_fkey: broken by rows that were not planted: {spoiled}"
    ]


async def test_verify_fails_when_the_live_rows_changed_before_the_deployment(
    habits: Habits,
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", "nothing")
    await habits.do("update habits.weeks set starts_on = null")
    await habits.must("deploy")
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    assert any("weeks_starts_on_required" in each for each in verified.result["differences"])


async def test_verify_fails_when_a_clean_row_is_missing(habits: Habits) -> None:
    await habits.deployed("--dirty", "0", *SMALL)
    await habits.do("delete from habits_shadow.records where id = 7")
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    assert verified.result["differences"] == ["records: 299 rows, expected 300"]


async def test_verify_fails_when_a_constraint_is_missing(habits: Habits) -> None:
    await habits.deployed()
    await habits.do("alter table habits_shadow.records drop constraint records_count_range")
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    assert verified.result["differences"] == [
        "records_count_range: no such NOT VALID constraint is in habits_shadow"
    ]


async def test_verify_changes_nothing(habits: Habits) -> None:
    await habits.deployed()
    constraints = "select count(*) from pg_constraint where not convalidated"
    before = await habits.value(constraints)
    first = await habits.must("verify")
    assert await habits.value(constraints) == before
    again = await habits.must("verify")
    assert [each["ids"] for each in first["constraints"]] == [
        each["ids"] for each in again["constraints"]
    ]


async def test_verify_finds_kinds_that_the_architect_never_draws(habits: Habits) -> None:
    await habits.deployed()
    await habits.do(
        """
        create table habits_shadow.days (week_id bigint, day bigint, primary key (week_id, day));
        create table habits_shadow."Stars" (id bigint primary key, "Week" bigint, day bigint);
        insert into habits_shadow."Stars" values (1, 1, 1), (2, null, 1), (3, 1, 2);
        insert into habits_shadow.days values (1, 1);
        alter table habits_shadow."Stars" add constraint "Stars day" foreign key ("Week", day)
            references habits_shadow.days (week_id, day) not valid;
        alter table habits_shadow."Stars" add constraint "Stars week" check ("Week" is not null)
            not valid;
        """
    )
    wanted = {"Stars day": ("foreign_key", [3]), "Stars week": ("not_null", [2])}
    if await habits.value("select current_setting('server_version_num')::int >= 180000"):
        await habits.do(
            'alter table habits_shadow."Stars" add constraint n not null "Week" not valid'
        )
        wanted["n"] = ("not_null", [2])
    verified = await habits.run("verify")
    assert verified.exit_code == 1
    found = {each["name"]: (each["kind"], each["ids"]) for each in verified.result["constraints"]}
    assert wanted.items() <= found.items()


# Drafts and reviews


async def test_the_first_draft_has_one_open_finding_and_the_second_has_none(
    habits: Habits,
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect")
    first, review = habits.read("migration.sql"), await habits.run("review")
    assert review.exit_code == 3
    assert review.result["open"] == 1
    assert json.loads(habits.read("review.json")) == review.result
    [finding] = [each for each in review.result["findings"] if each["waived"] is None]
    assert finding["rule"] == "constraint-missing-not-valid"
    assert finding["object"] == "habits_first_week_id_fkey"
    assert finding["source"] == "squawk"
    assert "OPEN   constraint-missing-not-valid" in review.stderr

    await habits.must("architect", "--findings", str(habits.work / "review.json"))
    second, review = habits.read("migration.sql"), await habits.run("review")
    assert review.exit_code == 0
    assert review.result["open"] == 0
    assert all(each["waived"] for each in review.result["findings"])

    lines = list(enumerate(zip(first.splitlines(), second.splitlines(), strict=True), start=1))
    [(number, (before, after))] = [(n, pair) for n, pair in lines if pair[0] != pair[1]]
    assert number == finding["line"]
    assert after == before.removesuffix(";") + " not valid;"


async def test_squawk_by_hand_says_the_same(habits: Habits) -> None:
    beside = Path(sys.executable).with_name("squawk")
    squawk = str(beside) if beside.exists() else shutil.which("squawk")
    assert squawk is not None
    by_hand = (squawk, "--config", str(HABITS / "squawk.toml"), str(habits.work / "migration.sql"))
    await habits.must("generate", *SMALL)
    await habits.must("architect")
    assert (await start(*by_hand)).exit_code == 1
    await habits.must("architect", "--forget", "nothing")
    assert (await start(*by_hand)).exit_code == 0


@pytest.mark.parametrize(
    ("forgotten", "rule", "about"),
    [
        ("index", "foreign-key-without-index", "records_week_id_fkey"),
        ("row-security", "table-without-row-security", "habits_shadow.weeks"),
        ("condition", "policy-for-everyone", "habits_shadow.weeks.weeks_readable"),
    ],
)
async def test_the_catalogue_shows_what_squawk_does_not(
    habits: Habits, forgotten: str, rule: str, about: str
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", forgotten)
    review = await habits.run("review")
    assert review.exit_code == 3
    [finding] = [each for each in review.result["findings"] if each["waived"] is None]
    assert (finding["rule"], finding["object"], finding["source"]) == (rule, about, "catalogue")

    findings = json.dumps([finding])
    await habits.must("architect", "--forget", forgotten, HOLDFAST_FINDINGS=findings)
    assert (await habits.must("review"))["open"] == 0


async def test_a_constraint_that_dirty_rows_break_is_one_finding_with_both_reasons(
    habits: Habits,
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", "nothing")
    habits.edit_migration("habits_shadow.weeks (id) not valid;", "habits_shadow.weeks (id);")
    habits.edit_migration(
        "(first_week_id) references habits_shadow.weeks (id);",
        "(first_week_id) references habits_shadow.weeks (id) not valid;",
    )
    review = await habits.run("review")
    [finding] = [each for each in review.result["findings"] if each["waived"] is None]
    assert finding["object"] == "records_week_id_fkey"
    assert "NOT VALID" in finding["message"]
    assert "PostgreSQL refuses it" in finding["message"]


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ("; commit;", "transaction-control"),
        ("create index concurrently x on habits_shadow.records (count);", "migration-fails"),
        ("drop table habits_shadow.no_such_table;", "migration-fails"),
        ("-- squawk-ignore-file", "waived-without-reason"),
        ("selec;", "syntax-error"),
    ],
)
async def test_a_migration_that_would_fool_the_review_is_found(
    habits: Habits, line: str, rule: str
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", "nothing")
    (habits.work / "migration.sql").write_text(habits.read("migration.sql") + line + "\n")
    review = await habits.run("review")
    assert review.exit_code == 3
    assert rule in {each["rule"] for each in review.result["findings"] if each["waived"] is None}
    assert await habits.value("select to_regnamespace('habits_shadow') is null")


async def test_a_finding_that_the_architect_cannot_mend_is_refused(habits: Habits) -> None:
    await habits.must("generate", *SMALL)
    findings = '[{"rule": "prefer-text-field", "object": "habits_shadow.children"}]'
    ended = await habits.run("architect", HOLDFAST_FINDINGS=findings)
    assert ended.exit_code == 1
    assert "cannot mend prefer-text-field on habits_shadow.children" in ended.stderr
    assert not (habits.work / "migration.sql").exists()


async def test_the_architect_reads_the_live_catalogue(habits: Habits) -> None:
    await habits.must("generate", *SMALL)
    await habits.do('alter table habits.records add "Mood" numeric(3, 1) not null default 0.5')
    await habits.must("architect", "--forget", "nothing")
    assert '"Mood" numeric(3,1) default 0.5 not null' in habits.read("migration.sql")
    await habits.must("deploy")
    await habits.must("verify")

    await habits.do("alter table habits.records drop column count")
    ended = await habits.run("architect")
    assert ended.exit_code == 2
    assert "records.count, which the live schema habits does not have" in ended.stderr


# Deploying


async def test_deploying_twice_is_refused_in_one_line(habits: Habits) -> None:
    await habits.deployed()
    again = await habits.run("deploy")
    assert again.exit_code == 4
    assert again.stderr.splitlines() == [
        "error: the schema habits_shadow is deployed already; "
        "next: run verify.py, or generate.py to start again"
    ]
    assert (await habits.must("deploy", "--if-needed"))["deployed"] is False


async def test_of_programs_that_deploy_at_once_one_does(habits: Habits) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", "nothing")
    ended = await asyncio.gather(*(habits.run("deploy") for _ in range(4)))
    assert sorted(each.exit_code for each in ended) == [0, 4, 4, 4]
    await habits.must("verify")


async def test_a_deployment_that_fails_leaves_nothing(habits: Habits) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect", "--forget", "nothing")
    habits.edit_migration(
        "(week_id) references habits_shadow.weeks (id) not valid",
        "(week_id) references habits_shadow.weeks (id)",
    )
    ended = await habits.run("deploy")
    assert ended.exit_code == 1
    assert "records_week_id_fkey" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert await habits.value("select to_regnamespace('habits_shadow') is null")


# Errors


async def test_a_schema_of_somebody_else_is_left_alone(habits: Habits) -> None:
    await habits.do("create schema habits; create table habits.precious (id bigint)")
    ended = await habits.run("generate")
    assert ended.exit_code == 2
    assert "was not made by this example" in ended.stderr
    assert await habits.value("select to_regclass('habits.precious') is not null")


@pytest.mark.parametrize(
    ("program", "environment", "said"),
    [
        ("generate", {"HABITS_DATABASE_URL": ""}, "HABITS_DATABASE_URL is not set"),
        ("generate", {"HABITS_DATABASE_URL": "nonsense"}, "cannot reach the database"),
        ("generate", {"HABITS_DATABASE_URL": "postgresql://x@127.0.0.1:1/x"}, "cannot reach"),
        ("generate", {"HOLDFAST_WORK_DIR": "/dev/null/x"}, "cannot use /dev/null/x"),
        ("architect", {}, "no tables in the schema habits"),
        ("architect", {"HOLDFAST_FINDINGS": "["}, "HOLDFAST_FINDINGS is not JSON"),
        ("architect", {"HOLDFAST_FINDINGS": "[1]"}, "not a list of findings"),
        ("review", {}, "migration.sql is not there"),
        ("deploy", {}, "migration.sql is not there"),
        ("verify", {}, "planted.json is not there"),
    ],
)
async def test_an_error_is_one_line_with_the_next_step(
    habits: Habits, program: str, environment: dict[str, str], said: str
) -> None:
    ended = await habits.run(program, **environment)
    assert ended.exit_code == 2
    [line] = ended.stderr.splitlines()
    assert said in line
    assert "; next: " in line


async def test_a_missing_squawk_is_one_line_with_the_next_step(
    habits: Habits, tmp_path: Path
) -> None:
    await habits.must("generate", *SMALL)
    await habits.must("architect")
    lonely = tmp_path / "bin" / "python"
    lonely.parent.mkdir()
    lonely.symlink_to(PYTHON)
    ended = await start(
        str(lonely),
        str(HABITS / "review.py"),
        HABITS_DATABASE_URL=habits.url,
        HOLDFAST_WORK_DIR=str(habits.work),
        PYTHONPATH=str(Path(asyncpg.__file__).parents[1]),
        PATH="",
    )
    assert ended.exit_code == 2
    assert ended.stderr == ("error: squawk is not installed; next: pip install squawk-cli\n")


async def test_progress_is_told_in_lines_of_the_protocol(habits: Habits) -> None:
    ended = await habits.run("generate", *SMALL)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("::progress ")]
    assert lines[-1] == "::progress 330/330 records"
    assert "\r" not in ended.stdout
