"""What happens while a document is read: the use cases tell, the command line shows."""

from __future__ import annotations


class Listener:
    """Hears nothing; subclass and override what matters."""

    def notice(self, line: str) -> None:
        """Take a line the user should see."""

    def warning(self, line: str) -> None:
        """Take a line that even a user who wants to hear nothing should see."""

    def phase(self, name: str) -> None:
        """Take the name of a step that begins and cannot say how far it is."""

    def prefill(self, done: int, total: int) -> None:
        """Take how many tokens are read; called between chunks, where raising stops the work."""

    def text(self, piece: str) -> None:
        """Take the next piece of an answer."""
