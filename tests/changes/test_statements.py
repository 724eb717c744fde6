"""Where a migration's statements end, and its two forms."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.changes import migrations
from holdfast.changes.migrations import Migration, for_direct, for_pasting
from holdfast.changes.statements import split
from holdfast.errors import InvalidValue

WHOLE = [
    "select 1",
    "select ';', e'\\';', \"a;b\", $$;$$, $x$ $$; $x$",
    "/* ; /* nested; */ ; */ select 2 -- ;\n",
    "do $body$ begin perform 1; end; $body$",
    "create or replace function f(n int) returns int language sql begin atomic select 1; select case when n > 1 then 2 else n end; end",
    "create rule r as on insert to t do also (insert into u values (1); insert into u values (2))",
    'create function "begin"() returns int return 1',
    "select a$1, b$2 from t",
]


def test_a_statement_ends_where_postgresql_ends_it() -> None:
    assert [one.text for one in split(";\n".join(WHOLE) + " ; ;")] == [one.strip() for one in WHOLE]


def test_a_statement_knows_its_line_and_what_of_it_is_sql() -> None:
    [first, second] = split("-- a\n\nselect 'drop';\n/* b\n*/ vacuum \"My;Table\"")
    assert (first.line, second.line) == (3, 5)
    assert "drop" not in first.code
    assert len(second.code) == len(second.text)
    assert (first.stands_alone, second.stands_alone) == (False, True)


@pytest.mark.parametrize("text", ["select 'open", "/* open", "\\copy t from x", 'select "open'])
def test_what_is_no_sql_is_refused_with_its_line(text: str) -> None:
    with pytest.raises(InvalidValue, match="Line 2"):
        split(f"select 1;\n{text}")


def test_the_two_forms_differ_in_concurrently_only(work_dir: Path) -> None:
    file = work_dir / "0001_index.sql"
    file.write_text(
        "create table made (id int);\ncreate index made_id on made (id);\n"
        'create unique index concurrently if not exists "I" on "Old" (a);\ncreate index plain on old (b);\n'
        "drop index gone;\nreindex (verbose) index concurrently other;\nselect 'create index concurrently';"
    )
    migration = migrations.read(file)
    pasted, direct = for_pasting(migration), for_direct(migration)
    assert 'create unique index if not exists "I" on "Old" (a);' in pasted
    assert "reindex (verbose) index other;" in pasted
    assert "select 'create index concurrently';" in pasted
    assert "create index made_id on made (id);" in direct
    assert "create index concurrently plain on old (b);" in direct
    assert "drop index concurrently gone;" in direct
    assert 'create unique index concurrently if not exists "I"' in direct


def test_a_comment_at_a_statements_end_does_not_swallow_its_semicolon() -> None:
    migration = Migration(name="a", text="select 1; select 2 -- two\n; select 3")
    for form in (for_pasting(migration), for_direct(migration)):
        assert "select 2 -- two\n;" in form
        assert len(split(form)) >= len(migration.statements)


def test_what_cannot_be_applied_is_refused_before_anything_is_done(work_dir: Path) -> None:
    for text, said in (
        ("begin; select 1; commit;", "begin begins or ends a transaction"),
        ("-- nothing", "has no statement"),
    ):
        (work_dir / "a.sql").write_text(text)
        with pytest.raises(InvalidValue, match=said):
            migrations.read(work_dir / "a.sql")
    with pytest.raises(InvalidValue, match="cannot run inside of a transaction"):
        for_pasting(Migration(name="a", text="vacuum full t"))
