"""What is decoded in one form is encoded back in that form."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buttress.source.text import NotTextError, decode, decode_python


@pytest.mark.parametrize(
    ("data", "content", "encoding"),
    [
        (b"a = 1\n", "a = 1\n", "utf-8"),
        (codecs.BOM_UTF8 + b"a = 1\r\n", "a = 1\r\n", "utf-8"),
        ("flask==3.0\r\n".encode("utf-16"), "flask==3.0\r\n", "utf-16-le"),
        ("naïve\n".encode("latin-1"), "naïve\n", "latin-1"),
        (b"", "", "utf-8"),
    ],
)
def test_any_text_comes_back_byte_for_byte(data: bytes, content: str, encoding: str) -> None:
    text = decode(data)

    assert (text.content, text.encoding) == (content, encoding)
    assert text.encode() == data


def test_a_cookie_decides_how_python_is_read() -> None:
    data = "# -*- coding: cp1252 -*-\nname = 'Müller'\n".encode("cp1252")

    text = decode_python(data)

    assert "Müller" in text.content
    assert text.encode() == data


@pytest.mark.parametrize(
    "data",
    [b"name = '\xfc'\n", b"# coding: no-such-codec\n", codecs.BOM_UTF8 + b"# coding: latin-1\n"],
)
def test_python_that_the_interpreter_cannot_read_is_refused(data: bytes) -> None:
    with pytest.raises(NotTextError):
        decode_python(data)


@pytest.mark.parametrize("data", [b"\x89PNG\0\0", codecs.BOM_UTF16_LE + b"a"])
def test_binary_is_no_text(data: bytes) -> None:
    with pytest.raises(NotTextError):
        decode(data)


def test_newline_is_the_one_that_most_lines_have() -> None:
    text = decode(b"a\r\nb\r\nc\n")

    assert text.newline == "\r\n"


@given(st.binary().filter(lambda data: b"\0" not in data))
def test_decoding_loses_no_byte(data: bytes) -> None:
    try:
        text = decode(data)
    except NotTextError:
        return
    assert text.encode() == data
