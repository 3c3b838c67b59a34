"""Numba where there is one; without it the kernels run as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar, cast

try:
    import numba
except ImportError:  # a platform without LLVM
    numba = None  # type: ignore[assignment]  # tested for below

AVAILABLE: Final[bool] = numba is not None

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile on first use and keep the machine code on disk.

    The interpreter lock is held: to give it back for microseconds costs a busy server half of
    its requests, as each time another thread takes it.
    """
    return _decorated(function, nogil=False)


def compiled_for_bulk(function: Callable[P, R]) -> Callable[P, R]:
    """As ``compiled``, for work of milliseconds and more: others run meanwhile."""
    return _decorated(function, nogil=True)


def _decorated(function: Callable[P, R], *, nogil: bool) -> Callable[P, R]:
    if not AVAILABLE:
        return function
    decorate = numba.njit(nogil=nogil, cache=True, error_model="numpy")
    return cast("Callable[P, R]", decorate(function))
