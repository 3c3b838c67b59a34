"""Which import column means what: our own names, the registers S0 to S2, other systems."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NOTE = re.compile(r"[（(\[【].*?[)）\]】]")
_SPACE = re.compile(r"[\s_\-*＊:：]+")

# Field, then the headings that mean it. A heading is compared without case, spaces,
# marks and bracketed notes: "联系方式 (电话/邮箱) *" is 联系方式.
_SHARED = {
    "id": "id|external id|nid|key|issue key|编号|序号|ID号",
    "title": "title|subject|summary|raw subject|标题|主题|名称|文章标题|问题标题|工单标题",
    "tags": "tags|labels|keywords|标签|关键词|关键字",
    "category": "category|问题分类|问题类型|分类|类别|类型|help topic|custom field (request type)",
    "product": "product|产品|产品名称|系统|系统名称|所属系统|component",
    "version": "version|产品版本|软件版本|版本|affects version/s",
    "kind": "kind|请求类型|类目",
    "language": "lang|language|locale|语言",
    "created_at": "created_at|created|date created|createdAt|提交时间|创建时间|登记时间|"
    "受理时间|发生时间|创建日期|提交日期",
    "updated_at": "updated_at|updated|last updated|updatedAt|更新时间|修改时间|最后更新",
    "cause": "cause|原因|问题原因|原因分析|根本原因|故障原因",
    "extra": "extra",
    "record": "record",
}
_ARTICLE = {
    "title": "问题|question|q|faq问题",
    "text": "text|body|content|正文|内容|文章内容|答案|回答|answer|a",
    "problem": "problem|问题描述|故障现象|问题现象|现象|现象描述|description",
    "environment": "environment|环境|操作环境|适用环境|运行环境",
    "solution": "solution|解决方案|解决办法|解决方法|解决步骤|处理步骤|处理方法|处理方案|处理过程",
    "faq": "faq|常见问题",
    "sections": "sections",
    "url": "url|link|链接|网址|来源地址",
    "state": "state",
    "visibility": "visibility|可见性",
    "verification": "verification",
    "source_id": "source_id",
}
_TICKET = {
    "id": "ticket number|请求编号|工单编号|工单号|问题编号|单号|故障单号",
    "number": "number",
    "body": "body|content|text|description|note|问题描述|详细描述|描述|内容|故障现象|问题现象|问题详情",
    "urgency": "urgency|紧急程度|紧急度|紧急性",
    "priority": "priority|问题级别|优先级|严重程度|严重级别|处理优先级|严重性",
    "environment": "environment|环境|操作环境|运行环境",
    "channel": "channel|source|via|渠道|来源|来源渠道|受理渠道",
    "requester": "requester|customer",
    "requester_name": "requester name|from|reporter|客户名称/联系人|客户名称|联系人|客户|姓名|提交人|报修人",
    "requester_info": "需求方信息|需求方|用户信息",
    "contact": "contact|from email|联系方式|联系电话|电话|手机|手机号|邮箱|电子邮箱",
    "requester_department": "部门|所属部门|单位|所在部门",
    "state": "state|status|current status|状态|工单状态|当前状态",
    "handler": "assignee|agent assigned|处理人|处理人员|负责人|经办人",
    "first_handler": "初步处理人|受理人",
    "escalated_to": "升级处理人",
    "resolution": "resolution|solution|解决方案|解决方法|解决办法|处理方案|处理过程",
    "steps": "steps|解决步骤|处理步骤",
    "result": "result|处理结果|解决结果",
    "article_id": "article_id|知识编号|知识库文章",
    "satisfaction": "satisfaction|satisfaction rating|满意度|客户满意度",
    "feedback": "feedback|客户反馈|用户反馈|评价",
    "first_response_at": "first_response_at|响应时间|首次响应时间",
    "resolved_at": "resolved_at|resolved|closed date|close at|解决时间|完成时间|处理完成时间|关闭时间",
    "archived_at": "archived_at|归档时间|归档日期",
    "profile": "profile|流程",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """A row by our own field names; ``unknown`` holds the columns that mean none."""

    fields: Mapping[str, Any]
    unknown: Mapping[str, Any]


class Columns:
    """Names the fields behind headings."""

    def __init__(self, *tables: Mapping[str, str]) -> None:
        self._field_of = {
            _key(heading): field
            for table in tables
            for field, headings in table.items()
            for heading in headings.split("|")
        }

    def field_of(self, heading: str) -> str | None:
        """Return the field that a heading means, or None."""
        return self._field_of.get(_key(heading)) or self._field_of.get(_key(_NOTE.sub("", heading)))

    def knows(self, heading: str) -> bool:
        """Tell whether a heading means one of the fields."""
        return self.field_of(heading) is not None

    def map(self, values: Mapping[str, Any]) -> Mapped:
        """Sort a row's values by field; a second column for a taken field is unknown."""
        fields: dict[str, Any] = {}
        unknown: dict[str, Any] = {}
        for heading, value in values.items():
            field = self.field_of(heading)
            if field is None or field in fields:
                unknown[heading] = value
            else:
                fields[field] = value
        return Mapped(fields=fields, unknown=unknown)


def _key(heading: str) -> str:
    return _SPACE.sub("", unicodedata.normalize("NFKC", heading).casefold())


ARTICLE_COLUMNS = Columns(_SHARED, _ARTICLE)
TICKET_COLUMNS = Columns(_SHARED, _TICKET)
