"""OpenCC's name, answered by its JavaScript build (module `page`)."""

import page


class OpenCC:
    """Traditional to simplified characters."""

    def __init__(self, conversion):
        """Of `t2s` alone."""

    def convert(self, text):
        """The text in simplified characters."""
        return page.simplified(text)
