"""Debian packages that Python distributions need beside their wheels.

Names are those of Debian 12 and 13 alike. A distribution that brings everything in its wheels (psycopg2-binary,
Pillow, lxml, cryptography) is not in the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """What a distribution needs.

    Attributes:
        build: While it is installed.
        runtime: While it runs.
        reason: Why, in a few words.
    """

    build: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()
    reason: str = ""


_COMPILER = "build-essential"
NEEDS: dict[str, Need] = {
    "psycopg2": Need((_COMPILER, "libpq-dev"), ("libpq5",), "is compiled against libpq"),
    "psycopg-c": Need((_COMPILER, "libpq-dev"), ("libpq5",), "is compiled against libpq"),
    "psycopg": Need((), ("libpq5",), "loads libpq unless its extra [binary] is asked for"),
    "mysqlclient": Need(
        (_COMPILER, "default-libmysqlclient-dev", "pkg-config"),
        ("libmariadb3",),
        "is compiled against the client library of MariaDB",
    ),
    "flask-mysqldb": Need(
        (_COMPILER, "default-libmysqlclient-dev", "pkg-config"),
        ("libmariadb3",),
        "needs mysqlclient",
    ),
    "pyodbc": Need((), ("unixodbc",), "loads the ODBC driver manager"),
    "uwsgi": Need((_COMPILER,), (), "is compiled"),
    "pycairo": Need(
        (_COMPILER, "libcairo2-dev", "pkg-config"), ("libcairo2",), "is compiled against cairo"
    ),
    "cairosvg": Need((), ("libcairo2",), "loads cairo"),
    "weasyprint": Need(
        (), ("libharfbuzz-subset0", "libpango-1.0-0", "libpangoft2-1.0-0"), "loads Pango"
    ),
    "opencv-python": Need((), ("libgl1", "libglib2.0-0"), "loads OpenGL, unlike -headless"),
    "opencv-contrib-python": Need((), ("libgl1", "libglib2.0-0"), "loads OpenGL, unlike -headless"),
    "python-magic": Need((), ("libmagic1",), "loads libmagic"),
    "pytesseract": Need((), ("tesseract-ocr",), "starts tesseract"),
    "pdf2image": Need((), ("poppler-utils",), "starts pdftoppm"),
    "pydub": Need((), ("ffmpeg",), "starts ffmpeg"),
    "openai-whisper": Need((), ("ffmpeg",), "starts ffmpeg"),
    "lightgbm": Need((), ("libgomp1",), "loads the OpenMP runtime"),
}


def build_packages(names: Iterable[str]) -> list[str]:
    """Return what installing some distributions needs, sorted."""
    return sorted({package for name in names if name in NEEDS for package in NEEDS[name].build})


def runtime_packages(names: Iterable[str]) -> list[str]:
    """Return what running with some distributions needs, sorted."""
    return sorted({package for name in names if name in NEEDS for package in NEEDS[name].runtime})
