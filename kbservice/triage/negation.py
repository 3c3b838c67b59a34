"""Tells whether a text denies what it names, or only supposes it: 没有影响所有用户, 如果宕机.

To overhear a denial costs an alarm too many, to imagine one an alarm too few: between a "not" and
what it denies only words are passed over that a denial puts there, and no punctuation.
"""

from __future__ import annotations

import re
from typing import Final

_READ: Final = 64  # characters looked at on each side

_NOT_ZH: Final = r"(?:没有|没|未|(?<![岂这])不|(?<!有)无|(?<![除莫无])非|避免|防止|预防|以防)"
# 不是很紧急, 没有出现; but not 不过, 不够, 没用, 不存在: they deny what stands before them or nothing.
_BETWEEN_ZH: Final = (
    r"(?:是(?:一?个)?|会|算|太|很|大|再|必|需要|任何|什么|那么|这么|怎么|特别|十分|非常|属于"
    r"|(?:出现|发生|造成|导致|引起|产生|发现|遇到|构成)[了过]?)"
)
_AFFECT_ZH: Final = r"(?:影响|波及|涉及|危及|妨碍|耽误)[到了过]*(?:任何|我们|公司|其他|整个|的)*"

_HELPING: Final = ("do", "does", "did", "will", "would", "could", "should", "can")
_NOT_EN: Final = (
    r"(?:no|never|without|nothing|neither|nor|hardly|avoid|avoiding|prevent|preventing"
    rf"|{''.join(f'(?<!{word} )' for word in _HELPING)}not"
    r"|(?:is|are|was|were|has|have|had)n['’]?t)"
)
# With a verb of its own: what does not install or print is in trouble.
_HELPED_NOT: Final = (
    rf"(?:(?:{'|'.join(_HELPING)}) not|(?:do|does|did|wo|would|could|should)n['’]?t)"
)
# not a very urgent matter
_ADVERB: Final = (
    r"(?:a|an|the|any|yet|be|been|being|really|very|so|that|too|quite|all that|particularly"
    r"|especially|extremely|terribly|exactly|such|considered|currently|actually|longer|more|major)"
)
# no sign of any outage, does not affect our core business
_VERB: Final = (
    r"(?:(?:caus|experienc|notic|suffer|report)(?:e|es|ed|ing)?|(?:lead|leads|leading|led) to"
    r"|(?:result|results|resulting|resulted) in|(?:signs?|evidence|reports?|risk|case) of"
    r"|(?:seem|look|sound)(?: like| to be)?|(?:(?:affect|impact|concern|involv)(?:s|e|es|ed|ing)?"
    r"|(?:impact|effect|influence)s? (?:on|for))"
    r"(?: +(?:any|all of|of|the|our|my|your|its|their|other))*)"
)
_DENIED: Final = re.compile(
    rf"{_NOT_ZH}{_BETWEEN_ZH}*(?:{_AFFECT_ZH})? ?$"
    rf"|(?<![a-z0-9])(?:{_NOT_EN}(?: +{_ADVERB})*|{_HELPED_NOT}(?: +{_ADVERB})* +{_VERB})"
    rf"(?: +(?:{_VERB}|{_ADVERB}))* +$"
)
# What takes a denial back: 不得不, 无法避免, cannot prevent.
_TAKEN_BACK: Final = re.compile(
    rf"{_DENIED.pattern}|(?:不[得能可]|不可能|无法) ?$"
    rf"|(?<![a-z0-9])(?:{'|'.join(_HELPING)}) not +$"
    r"|(?<![a-z0-9])(?:cannot|(?:ca|could|do|does|did|wo)n['’]?t|unable to|fail(?:s|ed|ing)? to) +$"
)
_BE: Final = r"(?:is|are|was|were|has|have|been|being|still|all|remains?|stays?)"
_DENIED_BEHIND: Final = re.compile(
    # 核心业务不受影响, 所有用户都正常
    r"(?:都|均|也|并|目前|暂时|仍|还)*(?:(?:没有|没|无|未|不)(?:会|受|到|有|造成|产生|任何|什么|太大|明显)*影响"
    r"|的?影响(?:不大|很小|较小|有限))"
    r"|(?:都|均|也|目前|一切|运行|工作|使用)+正常(?:运行|进行|运转|使用)?(?=了?(?:$|[\s,.;。!?、)]))"
    # all users are unaffected
    rf"| +(?:{_BE} +)*(?:(?:not|never|{_BE}n['’]?t) +(?:(?:yet|been|being) +)*(?:affected|impacted)"
    r"|unaffected|unimpacted)(?![a-z0-9])"
    rf"| +(?:{_BE} +)+(?:fine|ok|okay|normal)(?![a-z0-9])"
    # data loss: no
    r"| ?: ?(?:no|none|否|无|没有) ?(?=$|[\n.;。])"
    # over by now, or a word of something else: 宕机已经恢复, outage drill
    r"|(?:现在|目前|现|都|均|也)*已经?(?:全部|完全|基本)?(?:恢复|解决|修复|排除|处理完|处理好)(?!了?吗)"
    r"| +(?:was|were|(?:has|have|had) been) +(?:(?:now|already|fully|quickly) +)*"
    r"(?:resolved|fixed|solved|restored|recovered|over)(?![a-z0-9])"
    r"|的?(?:应急)?(?:演练|预案|培训)| +(?:drill|exercise|plan|scenario|training|prevention)s?(?![a-z0-9])"
)
# With a word or two between at most: "if it matters or not, all users ..." supposes nothing. 一旦
# and 如果 ... 就 tell what happens each time.
_SUPPOSED: Final = re.compile(
    r"(?:如果|假如|假设|倘若|要是|万一)[^\s,.;:!?、。()就]{0,4}$"
    r"|(?<![a-z0-9])(?:if|in case(?: of)?|in the event of|any (?:risk|chance|danger|possibility) of)"
    r"(?: +[a-z]+){0,2} +$"
)


def is_denied(text: str, start: int, end: int) -> bool:
    """Tell whether a folded, lower-case text denies the phrase that stands from start to end.

    Two denials cancel out (不是不紧急), and a question that offers both denies nothing (是不是宕机).
    """
    lowest = max(0, start - _READ)
    if _DENIED_BEHIND.match(text, end, end + _READ) or _SUPPOSED.search(text, lowest, start):
        return True
    if text.startswith(" from ", end):  # whom a trouble keeps from something: it does happen
        return False
    denials, at, pattern = 0, start, _DENIED
    while (found := pattern.search(text, lowest, at)) and not _offers_both(text, found.start()):
        denials, at, pattern = denials + 1, found.start(), _TAKEN_BACK
    return denials % 2 == 1


def _offers_both(text: str, at: int) -> bool:
    """Tell whether the same character stands on both sides of a not: 是不是, 有没有, 紧不紧急."""
    return text[at] in "不没" and text[max(0, at - 1)] == text[at + 1]
