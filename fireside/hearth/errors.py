"""What can go wrong in a way that a person can put right, and what the log may repeat."""


class Sorry(Exception):
    """A plain sentence for the asker alone, saying what they could do about it."""

    def __init__(self, words: str, *, field: str = "") -> None:
        super().__init__(words)
        self.words = words
        self.field = field


class NotYours(Sorry):
    """The asker may not do or see this; doors answer as if it did not exist."""


class Plain(Exception):
    """Its words hold nothing that anybody wrote, so that the log may repeat them."""
