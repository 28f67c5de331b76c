"""Due specifications and due dates in words, Chinese and English, for titles, messages and pages."""

from service.due.describe.en import mark_en, sentence_en, weekday_en
from service.due.describe.zh import mark_zh, sentence_zh, weekday_zh

__all__ = ["mark_en", "mark_zh", "sentence_en", "sentence_zh", "weekday_en", "weekday_zh"]
