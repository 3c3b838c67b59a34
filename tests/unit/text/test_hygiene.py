"""Cleaning captured documents; the captures below are typical, not the seed files."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbservice.text.hygiene import clean

HEADER = """\
1、原创力文档（book118）网站文档一经付费（服务费），不意味着购买了该文档的版权，仅供个人/单位学习、研究之用，\
不得用于商业用途，未经授权，严禁复制、发行、汇编、翻译或者网络传播等，侵权必究。。
2、本站所有内容均由合作方或网友上传，本站不对文档的完整性、权威性及其观点立场正确性做任何保证或承诺！\
文档内容仅供研究参考，付费前请自行鉴别。如您付费，意味着您自己接受本站规则且自行承担风险，本站不退款、\
不进行额外附加服务；查看《如何避免下载的几个坑》。如果您已付费下载过本站文档，您可以点击这里二次下载。
3、如文档侵犯商业秘密、侵犯著作权、侵犯人身权等，请点击“版权申诉”（推荐），也可以打举报电话：\
400-050-0827(电话支持时间：9:00-18:30)。
4、该文档为VIP文档，如果想要下载，成为VIP会员后，下载免费。
5、成为VIP后，下载本文档将扣除1次下载权益。下载后，不支持退款、换文档。如有疑问请联系我们。
6、成为VIP后，您将拥有八大权益，权益包括：VIP文档下载权益、阅读免打扰、文档格式转换、高级专利检索、\
专属身份标志、高级客服、多端互通、版权登记。
7、VIP文档为合作方或网友上传，每下载1次， 网站将根据用户上传文档的质量评分、类型等，对文档贡献者给予高额补贴、\
流量扶持。如果你也想贡献VIP文档。上传文档
"""
BODY = """\
产品服务技术支持操作流程工具
一、需求接入
1、登记客户名称/联系人。需求接入后10分钟内完成初步响应。
温馨提示：请先备份数据。
二、问题升级机制
（一）初级技术支持1小时内未解决的，升级。最近下载的日志请一并提供。"""
TAIL = """
文档评论(0)
发表评论
您可能关注的文档
2024年度安全生产工作总结.docx
幼儿园教学计划
1、某某实施方案.doc
最近下载
1亿VIP精品文档
"""
TIPS = (
    "溫馨提示：1. 本站所有資源如無特殊說明，都需要本地電腦安裝OFFICE2007和PDF閱讀器。壓縮文件請下載最新的WinRAR軟件解壓。"
    "2. 本站的文檔不包含任何第三方提供的附件圖紙等，如果需要附件，請聯系上傳者。文件的所有權益歸上傳用戶所有。"
    "3. 本站RAR壓縮包中若帶圖紙，網頁內容里面會有圖紙預覽，若沒有圖紙預覽就沒有圖紙。"
    "4. 未經權益所有人同意不得將文件中的內容挪作商業或盈利用途。"
    "5. 人人文庫網僅提供信息存儲空間，僅對用戶上傳內容的表現方式做保護處理，并不能對任何下載內容負責。"
    "6. 下載文件中如有侵權或不適當內容，請與我們聯系，我們立即糾正。"
    "7. 本站不保證下載資源的準確性、安全性和完整性, 同時也不承擔用戶因使用這些下載資源對自己和他人造成任何形式的傷害或損失。"
)
GLOSSED = "軟件技術支持服(fú)務(wù)流程規(guī)范：收到工單的(de)人先登記。"


def test_a_portal_capture_is_reduced_to_the_document():
    cleaned = clean(HEADER + BODY + TAIL)

    assert cleaned.text == BODY
    assert cleaned.warnings == ()


def test_a_capture_on_one_line_is_reduced_too():
    line = (HEADER + BODY + TAIL).replace("\n", " ")

    assert clean(line).text == BODY.replace("\n", " ")


def test_a_title_with_the_portal_suffix_goes():
    assert clean(f"流程规范.docVIP\n{BODY}").text == BODY


def test_traditional_notices_and_glosses_go():
    cleaned = clean(TIPS + GLOSSED)

    assert cleaned.text == "軟件技術支持服務流程規范：收到工單的人先登記。"


def test_glosses_inside_notices_do_not_protect_them():
    assert clean(TIPS.replace("務", "務(wù)").replace("溫", "溫(wēn)") + BODY).text == BODY


def test_full_width_brackets_hold_glosses_too():
    assert clean("服務（wù）").text == "服務"


def test_every_removal_is_listed_with_its_place():
    text = HEADER + BODY + TAIL
    removals = clean(text).removals

    assert {removal.kind for removal in removals} == {"notice", "comments", "button", "titles"}
    assert all(text.startswith(removal.text, removal.start) for removal in removals)
    assert [removal.start for removal in removals] == sorted(r.start for r in removals)


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8])
def test_a_notice_that_is_cut_off_takes_no_body_with_it(cut: float):
    first = HEADER.splitlines()[0]

    cleaned = clean(first[: int(len(first) * cut)] + "\n" + BODY)

    assert cleaned.text.endswith(BODY)


@pytest.mark.parametrize(
    "sentence",
    [
        "温馨提示：请先备份数据，再升级到V3.2。",
        "请在“最近下载”里找到文件。",
        "文档评论功能无法使用",
        "VIP文档下载失败，提示权限不足。",
        "成为VIP后，导出仍然失败。",
        "您可能关注的问题：如何重置密码？",
        "数据库主键(id)为空，局域网(lan)断开，主机(he)无响应。",
        "收藏\n分享\n举报",
        "1、打开设置\n2、点击下载文档\n3、完成",
        "  缩进\n\n\n\n空行  ",
        "",
    ],
)
def test_an_ordinary_text_is_left_as_it_is(sentence: str):
    cleaned = clean(sentence)

    assert cleaned.text == sentence
    assert cleaned.removals == ()


def test_toneless_glosses_go_only_from_a_glossed_document():
    assert clean("受理(de)渠道").removals == ()
    assert clean("服(fú)務(wù)規(guī)範的(de)").text == "服務規範的"


def test_control_characters_go():
    assert clean("打印\x00机\x08脱机\t好").text == "打印机脱机\t好"


@pytest.mark.parametrize(
    ("text", "damaged"),
    [
        ("同步失敗?。┑，重试", "?。┑"),
        ("企業微信?。?釘釘", "?。?"),
        ("收集峁﹫信息", "峁﹫信"),
        ("收集:?jiǎn)栴}描述", ":?jiǎn)"),
        ("锟斤拷锟斤拷", "锟斤拷锟斤拷"),
        ("损坏\ufffd\ufffd", "\ufffd\ufffd"),
        ("æ°æ®åº“连接", "æ°æ®åº“"),
        ("鏁版嵁搴撹繛鎺", "鏁版嵁搴撹繛鎺"),
        ("烫烫烫烫", "烫烫烫烫"),
    ],
)
def test_damage_is_reported_and_left_for_a_person(text: str, damaged: str):
    cleaned = clean(text)

    assert cleaned.text == text
    assert [damage.text for damage in cleaned.warnings] == [damaged]
    assert damaged in str(cleaned.warnings[0])


@pytest.mark.parametrize(
    "text",
    ["│名称│值│", "café naïve Zürich", "归档存储与标准存储", "“引号”……——", "对吗？好。", "温度±2℃"],
)
def test_unusual_but_sound_text_is_no_damage(text: str):
    assert clean(text).warnings == ()


@settings(deadline=None)
@given(st.text(st.characters(), max_size=60))
def test_what_is_kept_and_what_is_cut_make_the_whole(text: str):
    cleaned = clean(text)
    kept = len("".join(cleaned.text.split()))
    cut = sum(len("".join(removal.text.split())) for removal in cleaned.removals)

    assert kept + cut == len("".join(text.split()))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    [
        "a.doc ",
        "1、",
        "您可能关注的文档",
        "\n",
        "务(wù)",
        "原创力文档",
        "VIP精品文档",
        "?",
        "Ã©",
        "1",
    ],
)
def test_nasty_input_takes_linear_work(unit: str):
    clean(unit * (65_536 // len(unit)))
