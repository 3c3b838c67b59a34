from __future__ import annotations

from threading import Event

import pytest

from kbservice.services.derived import Derived


class Source:
    """Something that changes, and counts how often it was read."""

    def __init__(self) -> None:
        self.version = 1
        self.reads = 0
        self.is_down = False

    def stamp(self) -> int:
        if self.is_down:
            raise OSError("down")
        return self.version

    def read(self, previous: str | None) -> str:
        self.reads += 1
        return f"{self.version} after {previous}"


def following(source: Source, **options: object) -> Derived[str]:
    return Derived(stamp=source.stamp, build=source.read, **({"interval_s": 0.0} | options))


def test_the_value_follows_what_it_comes_from():
    source = Source()
    value = following(source)

    assert "1 after None" == value.get()
    source.version = 2
    assert "2 after 1 after None" == value.get()


def test_it_is_computed_only_after_a_change():
    source = Source()
    value = following(source)

    assert {"1 after None"} == {value.get() for _ in range(5)}
    assert 1 == source.reads


def test_within_the_interval_nobody_looks():
    source = Source()
    value = following(source, interval_s=60.0)
    value.get()
    source.version = 2

    assert "1 after None" == value.get()
    value.forget()
    assert "2 after 1 after None" == value.get()


def test_the_old_value_serves_while_there_is_no_new_one():
    source = Source()
    value = following(source)
    value.get()
    source.is_down = True

    assert "1 after None" == value.get()


def test_without_any_value_the_failure_is_told():
    source = Source()
    source.is_down = True
    with pytest.raises(OSError, match="down"):
        following(source).get()


def test_in_the_background_readers_go_on_with_the_old_value():
    source = Source()
    begun, go_on, done = Event(), Event(), Event()

    def read(previous: str | None) -> str:
        if previous is not None:
            begun.set()
            go_on.wait(10)
        try:
            return source.read(previous)
        finally:
            done.set()

    value = Derived(stamp=source.stamp, build=read, interval_s=0.0, in_background=True)
    assert "1 after None" == value.get()
    done.clear()
    source.version = 2
    while not begun.wait(0.001):
        assert "1 after None" == value.get()
    assert "1 after None" == value.get()
    go_on.set()
    assert done.wait(10)
    assert "2 after 1 after None" == _eventually(value)


def _eventually(value: Derived[str]) -> str:
    with value._lock:
        return value._value or ""


def test_in_the_background_the_first_reader_need_not_wait():
    source, done = Source(), Event()

    def read(previous: str | None) -> str:
        try:
            return source.read(previous)
        finally:
            done.set()

    value = Derived(stamp=source.stamp, build=read, interval_s=60.0, in_background=True)
    assert value.ready() is None
    assert done.wait(10)
    assert "1 after None" == _eventually(value)
    assert "1 after None" == value.ready()
