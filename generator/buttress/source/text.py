"""Text as found in the wild: what is decoded in one form is encoded back in that form."""

from __future__ import annotations

import codecs
import io
import tokenize
from collections import Counter
from dataclasses import dataclass, replace

from buttress.source.patterns import lazy_pattern

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEWLINE = lazy_pattern(r"\r\n|\r|\n")


class NotTextError(ValueError):
    """The bytes are no text in any encoding that this tool writes back safely."""


@dataclass(frozen=True, slots=True)
class Text:
    """Decoded text together with the form it was found in.

    Attributes:
        content: The characters, with their line endings as found and without a byte order mark.
        encoding: The codec that gives the bytes back.
        bom: The byte order mark found in front, or nothing.
    """

    content: str
    encoding: str = "utf-8"
    bom: bytes = b""

    @property
    def newline(self) -> str:
        r"""The line ending that most lines have; ``"\n"`` for a text of one line."""
        endings = Counter(_NEWLINE.findall(self.content))
        return endings.most_common(1)[0][0] if endings else "\n"

    def with_content(self, content: str) -> Text:
        """Return the same form around other characters."""
        return replace(self, content=content)

    def encode(self) -> bytes:
        """Return the bytes of the text in the form it was found in.

        Raises:
            UnicodeEncodeError: If a character is not in the file's own encoding.
        """
        return self.bom + self.content.encode(self.encoding)


def decode(data: bytes) -> Text:
    """Decode any text file: by its byte order mark, as UTF-8, else byte for byte as Latin-1.

    Raises:
        NotTextError: If the bytes hold a NUL and no mark of a wide encoding.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return Text(data[len(bom) :].decode(encoding), encoding, bom)
            except UnicodeDecodeError as problem:
                raise NotTextError(str(problem)) from None
    if b"\0" in data:
        raise NotTextError("it holds NUL bytes")
    try:
        return Text(data.decode("utf-8"))
    except UnicodeDecodeError:
        return Text(data.decode("latin-1"), "latin-1")


def decode_python(data: bytes) -> Text:
    """Decode a Python file as the interpreter would: its encoding cookie decides (PEP 263).

    Raises:
        NotTextError: If the interpreter could not read it either.
    """
    bom = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        return Text(data[len(bom) :].decode(encoding), encoding, bom)
    except (SyntaxError, UnicodeDecodeError, LookupError) as problem:
        raise NotTextError(str(problem)) from None
