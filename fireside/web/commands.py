"""What keepers do about how somebody signs in."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount

from fireside.hearth import audit, signins
from fireside.hearth.commands import Ask, Sorry, Whisper, command
from fireside.hearth.keys import by_hand
from fireside.hearth.people import Person, Role


@command("/lost-phone", example="/lost-phone @bo", title="Somebody lost their phone", role=Role.KEEPER)
def lost_phone(ask: Ask, person: Person) -> Whisper:
    """Take somebody's passkeys and codes away; their password is enough then. Keepers can do this."""
    by_hand(ask.door)
    gone, _ = Authenticator.objects.filter(user=person).delete()
    if not gone:
        raise Sorry(f"{person.name} has no passkeys and no codes.", field="person")
    signins.end_all(person)
    audit.write("factors.removed", by=ask.person, about=f"person:{person.pk}")
    return Whisper(f"{person.name} signs in with their password alone now, and could add a new phone.")


def forget(person: Person) -> None:
    """Of somebody deleted, nothing with which they could come in again is left."""
    SocialAccount.objects.filter(user=person).delete()
    Authenticator.objects.filter(user=person).delete()
