"""Buttress hardens an existing Python web prototype in place."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("buttress")
except PackageNotFoundError:  # a checkout on the path that was never installed
    __version__ = "0+unknown"
