"""``python -m kbservice`` is the ``kbservice`` command."""

from __future__ import annotations

from kbservice.cli import main

if __name__ == "__main__":
    main()
