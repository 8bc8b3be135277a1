"""All models of the hearth in one place, as Django wants them."""

from fireside.hearth.audit import Audit
from fireside.hearth.files import File
from fireside.hearth.keeping import Keeping
from fireside.hearth.keys import Key
from fireside.hearth.messages import Clap, Draft, Message, Version
from fireside.hearth.people import Invitation, Organisation, Person, Team
from fireside.hearth.releases import Release
from fireside.hearth.rooms import Room, Seat
from fireside.hearth.search import Doc
from fireside.hearth.signins import SignIn, Tally
from fireside.hearth.timeline import Cursor, Entry
from fireside.hearth.webhooks import Sending, Webhook

__all__ = [
    "Audit", "Clap", "Cursor", "Doc", "Draft", "Entry", "File", "Invitation", "Keeping", "Key", "Message",
    "Organisation", "Person", "Release", "Room", "Seat", "Sending", "SignIn", "Tally", "Team", "Version",
    "Webhook",
]  # fmt: skip
