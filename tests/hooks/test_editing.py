"""However a file is spelled, what we put in comes out again and leaves every byte as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from holdfast.editing import tomledit
from holdfast.editing.jsonedit import Edited
from holdfast.editing.jsontext import parse
from holdfast.hooks.entries import our_handlers
from holdfast.hooks.memory import Remembered
from holdfast.hooks.merging import Merge
from holdfast.hooks.programs import PROGRAMS

GEMINI = PROGRAMS["gemini"]
SERVER = ("mcpServers", "holdfast")
BLANKS = st.sampled_from(
    ["", "", " ", "\n", "\n  ", "\r\n\t", " /* c */ ", " // , ]\n  ", "\n\n// {\n"]
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(),
    st.just("http://there"),
)
HANDLERS = st.sampled_from(
    [
        {"type": "command", "command": "mine"},
        {"type": "command", "command": "holdfast-hook gemini; true"},
        {},
        7,
    ]
)
GROUPS = st.lists(
    st.one_of(SCALARS, st.fixed_dictionaries({"hooks": st.lists(HANDLERS, max_size=2)})), max_size=3
)
HOOKS = st.dictionaries(
    st.one_of(st.sampled_from([*GEMINI.events, "Gone"]), st.text()), GROUPS, max_size=3
)
OTHERS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def spelled(draw: st.DrawFn, value: Any) -> str:
    """A value as somebody may have written it."""

    def around(text: str) -> str:
        return draw(BLANKS) + text + draw(BLANKS)

    def spell(value: Any) -> str:
        match value:
            case dict():
                members = [
                    around(json.dumps(name)) + ":" + around(spell(one))
                    for name, one in value.items()
                ]
                return "{" + (",".join(members) or draw(BLANKS)) + "}"
            case list():
                return "[" + (",".join(around(spell(one)) for one in value) or draw(BLANKS)) + "]"
        return json.dumps(value, ensure_ascii=draw(st.booleans()))

    return around(spell(value))


@st.composite
def files(draw: st.DrawFn) -> str:
    said = draw(st.dictionaries(st.text(), OTHERS, max_size=3))
    if draw(st.booleans()):
        said["hooks"] = draw(HOOKS)
    if draw(st.booleans()):
        said["mcpServers"] = draw(st.dictionaries(st.text(max_size=3), OTHERS, max_size=2))
    names = draw(st.permutations(list(said)))
    return draw(spelled({name: said[name] for name in names}))


def merge(text: str, remembered: Remembered) -> Merge:
    return Merge(Path("settings.json"), text, program=GEMINI, remembered=remembered)


@given(files())
def test_what_is_put_in_and_taken_out_leaves_no_trace(text: str) -> None:
    remembered = Remembered()
    first = merge(text, remembered)
    first.put_hooks("holdfast-hook gemini")
    assert first.put_server(SERVER, "holdfast")

    between = parse(first.text, comments=True).plain()
    assert {event for event, _, _ in our_handlers(between, GEMINI)} == set(GEMINI.events)
    before = parse(text, comments=True).plain()
    for name, value in before.items():
        if name not in ("hooks", "mcpServers"):
            assert between[name] == value
    for event, groups in before.get("hooks", {}).items():
        assert between["hooks"][event][: len(groups)] == groups

    second = merge(first.text, Remembered(**json.loads(json.dumps(vars(remembered)))))
    second.put_hooks("holdfast-hook gemini")
    assert second.text == first.text, "a second time changes nothing"
    second.take_hooks()
    second.take_server(SERVER)
    assert second.text == text


@given(st.data())
def test_a_text_is_read_as_json_reads_it(data: st.DataObject) -> None:
    value = data.draw(OTHERS)

    assert parse(data.draw(spelled(value)), comments=True).plain() == value
    assert parse(json.dumps(value)).plain() == value


@given(st.data())
def test_removing_any_member_leaves_the_others(data: st.DataObject) -> None:
    value = data.draw(st.dictionaries(st.text(), SCALARS, min_size=1, max_size=4))
    edited = Edited(data.draw(spelled(value)), comments=True)
    name = data.draw(st.sampled_from(sorted(value)))

    edited.remove((name,))

    assert edited.plain() == {other: one for other, one in value.items() if other != name}


@given(
    st.lists(
        st.sampled_from(
            [
                "# remark\n",
                "a = 1\n",
                "\n",
                "[t]\nb = 'x' # y\n",
                "[[list]]\nc = 2\n",
                '[mcp_servers.mine]\ncommand = "m"\n',
            ]
        ),
        unique=True,
    ),
    st.booleans(),
)
def test_a_table_of_toml_comes_and_goes_without_a_trace(parts: list[str], ends_line: bool) -> None:
    text = "".join(sorted(parts, key=lambda part: part.startswith("[")))
    text = text if ends_line else text.rstrip("\n")
    path = ("mcp_servers", "holdfast")

    whole = tomledit.put(text, path, {"command": "holdfast", "args": ["mcp"]})

    assert tomledit.find(whole, path) == {"command": "holdfast", "args": ["mcp"]}
    assert whole.startswith(text)
    assert tomledit.remove(whole, path) == text


def test_toml_with_an_inline_table_keeps_its_way() -> None:
    text = 'mcp_servers = {mine = {command = "m"}} # mine\n'

    whole = tomledit.put(
        text, ("mcp_servers", "holdfast"), {"command": "holdfast", "args": ["mcp"]}
    )

    assert tomledit.find(whole, ("mcp_servers", "mine")) == {"command": "m"}
    assert "# mine" in whole
    assert tomledit.find(
        tomledit.remove(whole, ("mcp_servers", "holdfast")), ("mcp_servers", "mine")
    )
