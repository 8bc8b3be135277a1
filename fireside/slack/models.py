"""All models of the Slack door in one place, as Django wants them."""

from fireside.slack.account import Account
from fireside.slack.channel import Channel
from fireside.slack.inbox import Arrival
from fireside.slack.installation import Installation, State
from fireside.slack.post import Post

__all__ = ["Account", "Arrival", "Channel", "Installation", "Post", "State"]
