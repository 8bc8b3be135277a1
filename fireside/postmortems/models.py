"""All models of post-mortems in one place, as Django wants them."""

from fireside.postmortems.learned import Affected, Factor
from fireside.postmortems.mitigation import Mitigation
from fireside.postmortems.postmortem import Applause, Asked, Postmortem, Reader
from fireside.postmortems.sections import Section, Wording
from fireside.postmortems.tellings import Moment, Telling

__all__ = [
    "Affected", "Applause", "Asked", "Factor", "Mitigation", "Moment", "Postmortem", "Reader", "Section",
    "Telling", "Wording",
]  # fmt: skip
