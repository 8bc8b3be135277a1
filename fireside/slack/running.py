"""What of the Slack door runs in a process: the lanes of its inbox and, where words are carried, the rest."""

from __future__ import annotations

from django.conf import settings

from fireside.slack import inbox
from fireside.slack.sender import Sender
from fireside.slack.sockets import Sockets


class Running:
    """Begins at once; `carries` says whether this process also sends, and holds the sockets."""

    def __init__(self, *, carries: bool) -> None:
        inbox.start()
        self.sender = Sender() if carries else None
        self.sockets = Sockets() if carries and settings.SLACK["APP_TOKEN"] else None
        if self.sender is not None:
            self.sender.begin()
        if self.sockets is not None:
            self.sockets.begin()

    def alive(self) -> bool:
        """Does whoever carries words still live? A socket that is down is trouble of another kind."""
        return self.sender is None or self.sender.alive()

    def end(self) -> None:
        """Take nothing more, finish what is on its way."""
        if self.sockets is not None:
            self.sockets.end()
        if self.sender is not None:
            self.sender.end()
        inbox.stop()
