"""Words of any message to a help desk, whatever it is about: they say nothing about a fix.

Courtesy, that something is wrong, that help is wanted, when, and for whom. They are searched for
like all others; what does not count is that a ticket and an article share them.
"""

from __future__ import annotations

from typing import Final

from kbservice.text.tokens import analyze

_ENGLISH: Final = """
    hi hello hey dear sir madam team folks guys regards sincerely best kind greetings welcome good
    morning afternoon evening day days thank thanks thx appreciate appreciated sorry please kindly
    ok okay yes yep sure fine great nice done wait waiting hope
    help helps helping helped assist assistance advise advice need needs needed want wants
    wanted like know tell ask asked asking question questions answer answers reply look looking see
    let try tried trying call contact come comes going get gets got give make made say said
    problem problems issue issues trouble error errors wrong bad strange system systems company
    ticket tickets work works worked working happen happens
    happened happening solve solved resolve resolved urgent urgently asap soon quickly immediately
    now today yesterday tomorrow again already still yet always never ever since week weeks month
    time times later back currently suddenly recently morning
    someone somebody something anyone anybody anything everyone everybody everything nobody nothing
    all many much more most lot lots other others another same thing things way really also only
    even well able unable one first last
"""
_CHINESE: Final = """
    您好 你好 大家好 早上好 上午好 下午好 晚上好 谢谢 谢 感谢 多谢 非常感谢 辛苦 辛苦了 麻烦 劳烦 打扰 抱歉
    不好意思 对不起 收到 好的 好 好了 可以 可以了 是的 嗯 行 行了 不行 不行了 在吗 亲 老师 领导 客服
    帮 帮忙 帮助 帮我 协助 支持 咨询 求助 求 需要 希望 想要 想 知道 了解 告诉 告知 回复 答复 联系 看 看看
    看下 看一下 处理 解决 解决了 安排 尽快 马上 立即 立刻 急 紧急 急急 加急 赶紧 速度 及时
    问题 毛病 故障 情况 现象 异常 错误 出错 报错 系统 公司 单位 工单 出现 发生 发现 遇到 导致 影响 受 有问题 出问题
    用 使用 不了 用不了 打不开 不能 不能用 无法 没法 没办法 没反应 没有 反应 不好 不好用 坏 坏了 不行 能否
    现在 目前 今天 昨天 明天 刚才 刚刚 最近 早上 上午 中午 下午 晚上 时候 时间 又 再 再次 还 还是 仍 仍然 一直
    已经 突然 后来 之后 之前 以后 以前 总是 老是 经常
    我们 大家 所有 所有人 全部 全 全体 都 每个 每 有人 别人 各位 各 很多 许多 好多 多 一个 一下 一些 一样 一点
    同样 相同 其他 另外 这是 这样 那样 这里 那里 怎么回事 怎么样 为啥 咋 咋办 咋回事 哪 东西 事 事情 办 做 弄
    请 请问 还有 因为 但是 然后 所以 非常 很 太 比较 真的
"""


def _terms(words: str) -> frozenset[str]:
    return frozenset(term for word in words.split() for term in (word, *analyze(word).words))


SMALL_TALK: Final = _terms(_ENGLISH) | _terms(_CHINESE)
