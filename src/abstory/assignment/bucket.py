"""The frozen hash: a salt and a viewer id become 52 uniform bits, the same in every engine and for ever."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from struct import Struct

from abstory.errors import InvalidViewerId, UsageError

BITS = 52
MAX_ID_BYTES = 256
_BEYOND = 64 - BITS
_first_64_bits: Callable[[bytes], tuple[int]] = Struct(">Q").unpack_from
_HINT = "an id is 1 to 256 bytes of UTF-8 text, or a whole number; it is never shown here"
_MOST_INT_BITS = 8 * MAX_ID_BYTES


def h(salt: str, viewer_id: str | int) -> int:
    """The first 13 hex digits (52 bits) of SHA-256 over UTF-8 of `salt + ":" + id`, as an integer in [0, 2^52).

    Args:
        salt: what is being decided, such as `launch/variant`; no ":" in it, so that the join is injective.
        viewer_id: as `viewer_bytes` takes it.

    Raises:
        UsageError: the salt is not plain.
        InvalidViewerId: the id is refused.
    """
    return hasher(salt)(viewer_bytes(viewer_id))


def hasher(salt: str) -> Callable[[bytes], int]:
    """`h` of one salt, for the bytes of many valid ids: the salt is hashed once and its state copied.

    Raises:
        UsageError: the salt is not plain.
    """
    begun = sha256(_prefix(salt)).copy

    def hashed(viewer: bytes) -> int:
        state = begun()
        state.update(viewer)
        return _first_64_bits(state.digest())[0] >> _BEYOND

    return hashed


def _prefix(salt: str) -> bytes:
    if ":" in salt or not salt.isascii() or not salt.isprintable():
        raise UsageError("a salt is printable ASCII without ':'")
    return f"{salt}:".encode()


def viewer_bytes(viewer_id: str | int) -> bytes:
    """The bytes of an id exactly as given: never trimmed, case-folded or normalised; an int is its decimal text.

    Control characters are part of an id here: an id is opaque, and what a log may hold is decided where logs are read.

    Raises:
        InvalidViewerId: empty, over 256 bytes, not encodable as UTF-8, or neither text nor int. The id is never shown.
    """
    try:
        data = viewer_id.encode() if isinstance(viewer_id, str) else _decimal(viewer_id)
    except UnicodeEncodeError:
        data = None
    if data and len(data) <= MAX_ID_BYTES:
        return data
    # Raised out here, because the codec's own error carries the id.
    raise InvalidViewerId(_fault(data), hint=_HINT)


def _fault(data: bytes | None) -> str:
    if data is None:
        return "viewer id holds half of a surrogate pair"
    return f"viewer id has {len(data)} bytes" if data else "viewer id is empty"


def _decimal(viewer_id: object) -> bytes:
    if isinstance(viewer_id, bool) or not isinstance(viewer_id, int):
        raise InvalidViewerId(f"viewer id is {type(viewer_id).__name__}, not text or int", hint=_HINT)
    if viewer_id.bit_length() > _MOST_INT_BITS:
        raise InvalidViewerId(f"viewer id has more than {MAX_ID_BYTES} digits", hint=_HINT)
    return b"%d" % viewer_id
