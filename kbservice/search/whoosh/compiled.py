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
    """Compile on first use, keep the machine code on disk, release the interpreter lock."""
    if not AVAILABLE:
        return function
    decorate = numba.njit(nogil=True, cache=True, error_model="numpy")
    return cast("Callable[P, R]", decorate(function))
