"""What a value is read as where a page prints it."""

import pytest

from buttress.analysis.taint.markup import Markup, Spot


@pytest.mark.parametrize(
    ("before", "spot"),
    [
        ("<p>", Spot.TEXT),
        ("<p title=", Spot.BARE),
        ("<p title=a-", Spot.BARE),
        ('<p title="', Spot.TEXT),
        ('<p title="a" ', Spot.TEXT),
        ('<p onclick="f(', Spot.HANDLER),
        ("<p @click='f(", Spot.HANDLER),
        ('<p data-on="', Spot.TEXT),
        ('<a href="', Spot.ADDRESS),
        ('<a href=" ', Spot.ADDRESS),
        ('<a href="/find?q=', Spot.TEXT),
        ("<a href=", Spot.BARE),
        ('<img src="', Spot.TEXT),
        ('<iframe src="', Spot.ADDRESS),
        ("<script>x = ", Spot.CODE),
        ("<script>x = 'it\\'s ", Spot.TEXT),
        ("<script>x = 'a'; y = ", Spot.CODE),
        ("<script>x = `a ", Spot.CODE),
        ("<script>// don't\nx = ", Spot.CODE),
        ("<script>/* don't */ x = ", Spot.CODE),
        ("<script>x = '</script><p>", Spot.TEXT),
        ('<script type="module">x = ', Spot.CODE),
        ('<script type="application/json">', Spot.TEXT),
        ('<script type="text/template"><p title=', Spot.TEXT),
        ("<script></script><p>", Spot.TEXT),
        ("<title>a</title><script>", Spot.CODE),
        ("<textarea><p title=", Spot.TEXT),
        ("<!-- <p title=", Spot.TEXT),
        ("1 < 2 <p title=", Spot.BARE),
    ],
)
def test_where_it_stands(before: str, spot: Spot) -> None:
    markup = Markup()
    markup.feed(before)
    assert markup.printed() is spot


def test_what_stands_behind_another_value() -> None:
    markup = Markup()
    markup.feed('<a href="')
    assert markup.printed() is Spot.ADDRESS
    markup.feed("/")
    assert markup.printed() is Spot.TEXT
    markup.feed('" title=')
    assert markup.printed() is Spot.BARE
    assert markup.printed() is Spot.BARE
    markup.feed(" alt='")
    assert markup.printed() is Spot.TEXT
