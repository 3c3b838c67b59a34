"""Character classes shared by the text rules, written for use inside ``[...]``."""

from __future__ import annotations

from typing import Final

HAN: Final = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
KANA: Final = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff"
HANGUL: Final = "\uac00-\ud7af"
# Scripts written without spaces, or with spaces that do not delimit what a reader searches.
UNSPACED: Final = HAN + KANA + HANGUL
