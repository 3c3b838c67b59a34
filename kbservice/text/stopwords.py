"""Words that say nothing about a support text: function words and question words."""

from __future__ import annotations

from typing import Final

ENGLISH: Final = frozenset(
    """
    a an the is are was were be been being am of to in on for and or with how do does did doing
    i me my we our you your he she it its they them their this that these those can could may
    might will would shall should what which who whom why when where there here as at by from
    into if not no so than too very have has had having about any some just but get don doesn
    isn
    """.split()  # noqa: SIM905 (a word a token reads better than a quoted list)
)
CHINESE: Final = frozenset(
    """
    的 了 吗 呢 吧 啊 呀 么 和 与 及 或 是 在 我 你 您 他 她 它 们 我们 你们 您们 他们 有 就 也 都 而
    之 其 这 那 这个 那个 个 为 被 把 对 从 到 由 于 等 请 请问 如何 怎么 怎样 怎么样 怎么办 什么
    为什么 为何 哪些 哪个 哪里 是否 能否 可以 能 会 多少 几 该 要 想
    """.split()  # noqa: SIM905 (a word a token reads better than a quoted list)
)
# Said in every text of any kind, if not quite nothing: hardly ever what a query looks for.
CHINESE_CONNECTIVES: Final = frozenset(
    """
    以及 或者 因为 所以 但是 而且 并且 如果 虽然 然后 于是 因此 不过 只是 还是 以后 以前 之后 之前 其他
    其它 已经 以上 以下 以内 由于 对于 关于 有些 一些 一个 一下 一样 一直 一般 只要 只有 不是 没有 就是
    """.split()  # noqa: SIM905 (a word a token reads better than a quoted list)
)
# Written in capitals these are abbreviations of the trade, not the English function words.
ABBREVIATIONS: Final = frozenset({"IT"})
