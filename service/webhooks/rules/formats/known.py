"""Every format by its name."""

from collections.abc import Mapping
from types import MappingProxyType

from service.webhooks.rules.formats import cloudevents, dingtalk, feishu, standard, wecom
from service.webhooks.rules.formats.request import Format, FormatName

FORMATS: Mapping[FormatName, Format] = MappingProxyType(
    {
        FormatName.STANDARD: standard.FORMAT,
        FormatName.CLOUDEVENTS: cloudevents.FORMAT,
        FormatName.WECOM: wecom.FORMAT,
        FormatName.DINGTALK: dingtalk.FORMAT,
        FormatName.FEISHU: feishu.FORMAT,
    }
)
