"""What the house does by itself at night, letting go what is old, and what keepers ask it to do."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone

from fireside.hearth import forgetting, guests, keeping, leaving_people, leaving_rooms, signins, strays
from fireside.hearth.keys import Key, ending_soon
from fireside.hearth.timeline import Entry
from fireside.hearth.workflows import every, when


@every(at="03:10")
def let_people_and_rooms_go() -> None:
    """People and rooms that were deleted two weeks ago are gone for good."""
    leaving_rooms.let_rooms_go()
    leaving_people.let_people_go()
    signins.tidy()
    forgetting.tidy()


@every(at="03:30")
def let_go_of_what_is_old() -> None:
    """What keepers do not want to keep any longer goes, in small steps; the audit trail tells how much."""
    keeping.let_go()
    strays.clear()
    forgetting.tidy()


@every(at="09:00")
def tell_of_keys_that_end() -> None:
    """Whoever holds a key that ends within a week hears of it once by e-mail; their home says so too."""
    for key in ending_soon().filter(told_at=None):
        if settings.CAN_MAIL and key.person.email:
            where = f"{settings.PUBLIC_URL}{reverse('settings-keys')}"
            send_mail(
                "A key of yours ends soon",
                f"Your key “{key.name}” ends on {key.ends_on}. What holds it will be turned away then.\n\n"
                f"Here you could give it a new secret, or let it end: {where}\n",
                None, [key.person.email],
            )  # fmt: skip
        Key.objects.filter(pk=key.pk).update(told_at=timezone.now())


@every(minutes=1)
def let_guests_go() -> None:
    """Everybody hears that a guest's last day has passed; that they are out needs no noting."""
    guests.let_go_of_all_that_are_over()


@when("job.retried")
def run_job_again(entry: Entry) -> None:
    """A job that was set aside runs again when a keeper asks for it."""
    from fireside.hearth import engine  # heavy, and not every process runs it

    engine.retry(entry.data["job"])


@when("job.let_go")
def let_job_go(entry: Entry) -> None:
    """A job that was set aside is forgotten when a keeper lets it go."""
    from fireside.hearth import engine

    engine.let_go(entry.data["job"])
