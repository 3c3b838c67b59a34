"""What document portals add to a document: their notices, headings and lists of other titles.

All patterns are matched against folded text: simplified characters, half-width punctuation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple


class Stretch(NamedTuple):
    """A stretch of folded text that a portal added."""

    kind: str
    start: int
    end: int


# Opening and end of each notice. A notice is cut from its opening to its end; where the end is
# missing (a cut capture, other wording), only to the end of the opening's own sentence.
_NOTICES: Final = (
    # book118 / 原创力文档: seven numbered lines above every document
    (r"原创力文档.{0,20}网站文档一经付费", r"侵权必究"),
    (r"本站所有内容均由合作方或网友上传", r"二次下载"),
    (
        r"如文档侵犯商业秘密",
        r"举报电话[:\s]{0,3}[\d\- ]{7,16}(?:\s?\(电话支持时间[^\n)]{0,30}\))?",
    ),
    (r"该文档为VIP文档,", r"下载免费"),
    (r"成为VIP后,下载本文档将扣除", r"不支持退款、换文档(?:[。,]如有疑问请联系我们)?"),
    (r"成为VIP后,您将拥有[一二三四五六七八九十\d]+大权益", r"版权登记"),
    (
        r"VIP文档为合作方或网友上传",
        r"流量扶持(?:[。,]如果你也想贡献VIP文档)?(?:[。,]\s?上传文档)?",
    ),
    # renrendoc / 人人文库: 温馨提示 1 to 7
    (r"本站所有资源如无特殊说明", r"解压"),
    (
        r"本站的文档不包含任何第三方提供的附件图纸",
        r"请联系上传者(?:[。,]文件的所有权益归上传用户所有)?",
    ),
    (r"本站RAR压缩包中若带图纸", r"没有图纸预览就没有图纸"),
    (r"未经权益所有人同意不得将文件中的内容挪作商业", r"用途"),
    (r"人人文库网?仅提供信息存储空间", r"任何下载内容负责"),
    (r"下载文件中如有侵权或不适当内容", r"立即纠正"),
    (r"本站不保证(?:本站提供的)?下载资源的准确性", r"伤害或损失"),
    (r"本文档由用户提供并上传,收益归属内容提供方", r"举报或认领"),
    # loose lines of both
    (r"(?:最近下载\s{1,3})?(?:\d{1,6}亿\+?)?VIP精品文档", r"(?:相关文档)?"),
)
_LEAD: Final = r"(?:(?:温馨提示|版权说明|特别说明)[:\s]{0,4})?(?:[1-9]\s?[、.)]\s{0,3})?"
_NOTICE: Final = tuple(
    re.compile(rf"{_LEAD}{opening}(?:[^\n]{{0,500}}?(?:{end})[。.]*|[^。!?\n]{{0,200}}[。!?]?)")
    for opening, end in _NOTICES
)
_FILE_NAME: Final = r"[^\n。!?;|]{1,80}?\.(?:docx?|pdf|pptx?|xlsx?|txt|zip|rar)(?:\s?VIP)?"
_FILE_LINE: Final = re.compile(_FILE_NAME)
_TITLE_FILE: Final = re.compile(
    r"(?m)[^\n。!?;:,|\s]{1,80}?\.(?:docx?|pdf|pptx?|xlsx?)\s?VIP(?![A-Za-z])"
)
_LIST_HEADING: Final = re.compile(
    rf"(?:您可能关注的文档|您可能感兴趣的文档)[:\s]{{0,3}}(?:{_FILE_NAME}\s?)*"
    rf"|(?m:^)[ \t]*最近下载[: \t]*(?:(?={_FILE_NAME})(?:{_FILE_NAME}\s?)+|(?m:$))"
)
_COMMENTS: Final = re.compile(
    r"文档评论\s?\(\d+\)|(?m:^)[ \t]*(?:文档评论|已有评论)[:\s]?\(?\d*\)?[ \t]*(?m:$)"
)
# Buttons; dropped only where they are a whole line of a page that shows other portal marks.
_BUTTON: Final = (
    r"(?:下载文档|收藏|相关文档|文档工具|免费阅读|免费下载|上传文档|会员中心|版权申诉|下载此文档|打开文档"
    r"|原创力文档|人人文库网?|最近下载|发表评论|举报|分享|赞赏|加入VIP|开通VIP|立即下载|内容提供方|温馨提示)"
)
_BUTTON_LINE: Final = re.compile(rf"(?m)^[ \t]*{_BUTTON}[: \t]*$")
# On a page that was captured as one line the buttons follow other portal text directly.
_BUTTONS_BEHIND: Final = re.compile(rf"(?:[ \t]{{1,4}}{_BUTTON})+(?=\s|\Z)")
_LINE: Final = re.compile(r"[^\n]*\n?")
_BODY_LINE: Final = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.]|\([一二三四五六七八九十\d]{1,3}\)|第[一二三四五六七八九十\d]{1,3}[章节条步]"
    r"|\d{1,2}(?:[、)]|\.(?!\d{4})))"
)
_MAX_TITLE: Final = 80
_MAX_TITLES: Final = 60


def portal_stretches(text: str) -> list[Stretch]:
    """Find what a portal added to a folded text; stretches may touch or overlap."""
    found = [
        Stretch("notice", *match.span()) for notice in _NOTICE for match in notice.finditer(text)
    ]
    found += [Stretch("comments", *match.span()) for match in _COMMENTS.finditer(text)]
    found += [Stretch("title", *match.span()) for match in _TITLE_FILE.finditer(text)]
    found += _title_lists(text)
    if found:
        behind = (_BUTTONS_BEHIND.match(text, stretch.end) for stretch in tuple(found))
        found += [Stretch("button", *match.span()) for match in behind if match]
        found += [Stretch("button", *match.span()) for match in _BUTTON_LINE.finditer(text)]
    return sorted(found, key=lambda stretch: (stretch.start, -stretch.end))


def _title_lists(text: str) -> Iterator[Stretch]:
    """Yield headings such as 您可能关注的文档 with the titles under them."""
    for heading in _LIST_HEADING.finditer(text):
        end = heading.end()
        if text[end - 1 : end] == "\n" or text[end : end + 1] in {"\n", ""}:
            end = _end_of_titles(text, end)
        yield Stretch("titles", heading.start(), end)


def _end_of_titles(text: str, start: int) -> int:
    """Return where the first line starts that is no title: a sentence, or a numbered heading."""
    end = start
    for count, line in enumerate(_LINE.finditer(text, start)):
        words = line.group().strip()
        if count > _MAX_TITLES or line.end() == end or not _is_title(words):
            break
        end = line.end()
    return end


def _is_title(line: str) -> bool:
    if _FILE_LINE.fullmatch(line):
        return True
    is_sentence = len(line) > _MAX_TITLE or re.search(r"[。!?;]", line) is not None
    return not is_sentence and _BODY_LINE.match(line) is None
