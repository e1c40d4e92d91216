"""What templates print, and what they name there."""

import pytest

from buttress.analysis.taint.printing import read_page
from buttress.analysis.taint.templates import templates_of
from buttress.source import Tree


def named(content: str) -> list[str]:
    """Return what is printed where it may do harm, as one name each."""
    return [".".join(map(str, p.names)) for p in read_page("page.html", content).printed]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("{{ a }}", []),
        ("{{ a|safe }}", ["a"]),
        ("{{ a.b['c'][0]|safe }}", ["a.b.c.0"]),
        ("{{ a.get('b', 1)|trim|safe }}", ["a.b"]),
        ("{{ a|e|safe }}", []),
        ("{{ f(a)|safe }}", []),
        ("<p class={{ a or 'b' }}>", ["a"]),
        ("<p class={{ a|int }}>", []),
        ("<p class={{ 'b' }}>", []),
        ("{% autoescape off %}{{ a }}{% endautoescape %}{{ b }}", ["a"]),
        ("{% for x in a.b %}{{ x.c|safe }}{% endfor %}{{ x|safe }}", ["a.b.*.c", "x"]),
        ("{% for x, y in a %}{{ y|safe }}{% endfor %}", ["a.*.1"]),
        ("{% for k, v in a.items() %}{{ v|safe }}{% endfor %}", ["a.*"]),
        ("{% for x in f(a) %}{{ x.c|safe }}{% endfor %}", ["?.c"]),
        ("{% set x = a.b %}{{ x|safe }}", ["a.b"]),
        ("{% with x=a.b %}{{ x|safe }}{% endwith %}", ["a.b"]),
        ("{% with a.b as x %}{{ x|safe }}{% endwith %}", ["a.b"]),
        ("{% macro m(a) %}{{ a.b|safe }}{% endmacro %}", ["?.b"]),
        ("{% raw %}{{ a|safe }}{% endraw %}{# {{ b|safe }} #}", []),
        ("{% comment %}<p class={% endcomment %}{{ a }}", []),
        ("{{ a|safe", []),
    ],
)
def test_names(content: str, names: list[str]) -> None:
    assert named(content) == names


def test_lines() -> None:
    page = read_page("page.html", "<p>\n{{ a }}\n{#\n#}<p class={{\n b }}>\n{{ c|safe }}\n")
    assert [printed.line for printed in page.printed] == [4, 6]


def test_of_templates_with_one_name_the_nearest_root_is_meant() -> None:
    tree = Tree.of(dict.fromkeys(
        ["one/templates/a.html", "two/templates/a.html", "one/templates/x/a.html"], "<p class={{ a }}>"
    ))  # fmt: skip
    templates = templates_of(tree)
    assert templates.find("a.html", "one/views.py") == "one/templates/a.html"
    assert templates.find("a.html", "two/views.py") == "two/templates/a.html"
    assert templates.find("x/a.html", "two/views.py") == "one/templates/x/a.html"
    assert templates.find("y/a.html", "two/views.py") is None


def test_templates_that_are_parts_of_each_other() -> None:
    tree = Tree.of(
        {
            "templates/a.html": "{% for x in xs %}{% include 'b.html' %}{% endfor %}",
            "templates/b.html": "{% include 'a.html' %}{{ x.name|safe }}",
        }
    )
    printed = templates_of(tree).printed("a.html")
    assert {(p.path, p.names[:1]) for p in printed} == {("templates/b.html", ("xs",))}


@pytest.mark.parametrize(
    "content",
    [
        "{{ " * 30_000,
        "{% for x in xs %}" * 8_000 + "{{ x|safe }}" * 8_000,
        "{% set a = a.b %}" * 8_000 + "{% include 'page.html' %}" * 8_000,
        "<p class={{ a }}" * 15_000,
        "{{ a" + ".b" * 30_000 + "|safe }}",
        "<script>'" * 20_000,
    ],
)
def test_a_page_that_wants_to_take_long_is_read_soon(content: str) -> None:
    tree = Tree.of({"templates/page.html": content})
    assert len(templates_of(tree).printed("page.html")) <= 300
