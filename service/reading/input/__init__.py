"""What people hand in, as text that the rules can read: plain text, Word, PDF."""

from service.reading.input.documents import LARGEST, Document, read_document

__all__ = ["LARGEST", "Document", "read_document"]
