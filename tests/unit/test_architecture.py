"""The rules that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SOURCES = Path(__file__).parents[2] / "src" / "holdfast"
SQL = re.compile(
    r"^\s*(select|insert into|update \w+ set|delete from|with \w+ as|create|alter|drop)\s",
    re.IGNORECASE,
)


def test_no_sql_stands_in_python_outside_the_engine() -> None:
    for file in SOURCES.rglob("*.py"):
        if "engine" in file.relative_to(SOURCES).parts:
            continue
        tree = ast.parse(file.read_text())
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and id(node) not in docstrings
            ):
                looks_like_sql = SQL.match(node.value) and re.search(
                    r"\b(from|into|set|table|values)\b", node.value.lower()
                )
                assert not looks_like_sql, f"{file.name}:{node.lineno}: {node.value[:60]}"


def test_every_module_says_what_it_is() -> None:
    for file in SOURCES.rglob("*.py"):
        assert ast.get_docstring(ast.parse(file.read_text())), file.name


def test_the_public_names_are_about_ten() -> None:
    import holdfast

    assert len(holdfast.__all__) <= 13
    assert all(hasattr(holdfast, name) for name in holdfast.__all__)
