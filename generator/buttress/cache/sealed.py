"""Entries that open only with the content that they were made from.

The key of an entry is made of the bytes of all files that an inspection read. Who has other files, or a part of them, can
neither read the entry nor write one that opens: a leaked cache tells nothing about a project, and a damaged entry is
noticed. SHAKE-256 gives the key stream, keyed BLAKE2b the tag.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import zlib

_NONCE, _TAG = 16, 32
_LARGEST = 256 * 1024 * 1024


def seal(data: bytes, key: bytes) -> bytes:
    """Return data compressed, made unreadable and signed with a key of 32 bytes."""
    nonce = os.urandom(_NONCE)
    hidden = _mixed(zlib.compress(data, 1), key, nonce)
    return nonce + _tag(hidden, key, nonce) + hidden


def unseal(sealed: bytes, key: bytes) -> bytes | None:
    """Return what was sealed with this key; ``None`` for another key or damaged bytes."""
    nonce, tag, hidden = sealed[:_NONCE], sealed[_NONCE : _NONCE + _TAG], sealed[_NONCE + _TAG :]
    if len(tag) != _TAG or not hmac.compare_digest(tag, _tag(hidden, key, nonce)):
        return None
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(_mixed(hidden, key, nonce), _LARGEST)
    except zlib.error:
        return None
    return data if unpacker.eof else None


def _mixed(data: bytes, key: bytes, nonce: bytes) -> bytes:
    stream = hashlib.shake_256(b"stream" + key + nonce).digest(len(data))
    mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
    return mixed.to_bytes(len(data), "big")


def _tag(hidden: bytes, key: bytes, nonce: bytes) -> bytes:
    return hashlib.blake2b(nonce + hidden, digest_size=_TAG, key=key, person=b"tag").digest()
