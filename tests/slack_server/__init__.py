"""A Slack of our own, for tests: it stands at the network's edge, remembers, and refuses what Slack refuses.

    with SlackServer() as server:
        app = server.app(manifest, deliver=...)
        house = server.workspace("T111", name="Unicorn Rentals")
        ana = house.user("Ana Ngata", name="ana")
        token = house.install(app)

Whatever people do is a method of a `User`; whatever the app does comes in over real HTTP or a real WebSocket.
"""

from tests.slack_server.apps import App
from tests.slack_server.channels import Channel
from tests.slack_server.messages import Message
from tests.slack_server.people import User
from tests.slack_server.post import Answer, Delivery
from tests.slack_server.server import Call, SlackServer
from tests.slack_server.views import View
from tests.slack_server.workspaces import Workspace

__all__ = [
    "Answer",
    "App",
    "Call",
    "Channel",
    "Delivery",
    "Message",
    "SlackServer",
    "User",
    "View",
    "Workspace",
]
