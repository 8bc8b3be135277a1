"""A person's modals: filling them in, sending them off, and what comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.slack_server.client import Client
from tests.slack_server.post import Answer, Letter
from tests.slack_server.refusal import Refused
from tests.slack_server.strict import checked_view
from tests.slack_server.views import DEEPEST, View, find, value_of

if TYPE_CHECKING:
    pass

Json = dict[str, Any]
TROUBLE = "We had some trouble connecting. Try again?"
REQUIRED = "Please complete this required field."


class Forms(Client):
    stack: list[View]
    homes: dict[str, View]
    errors: dict[str, str]
    offered: list[Json]

    def _prepare(self) -> None:
        self.stack, self.homes, self.errors, self.offered = [], {}, {}, []

    @property
    def modal(self) -> View | None:
        """The modal on top of what they have open."""
        return self.stack[-1] if self.stack else None

    @property
    def home(self) -> View | None:
        """The home tab an app published for them, the latest when there are several."""
        return next(reversed(self.homes.values()), None)

    def fills(self, values: Json) -> None:
        """Fill in the top modal by the block_ids of its inputs, as far as the client lets one."""
        view = self._open()
        touched = []
        with self.server.lock:
            for place, given in values.items():
                if place not in view.inputs:
                    raise LookupError(f"there is no input {place!r} here, only {list(view.inputs)}")
                block = view.inputs[place]
                element = block["element"]
                value = value_of(element, given, self.offered)
                view.state[place][element["action_id"]] = value
                if block.get("dispatch_action"):
                    touched.append(self._in_view(view, self._action(block, element) | value))
        for letter in touched:
            self._act(letter)

    def submits(self) -> Answer:
        """Send the top modal; what is missing or refused stands in `errors`, beside its field."""
        view = self._open()
        with self.server.lock:
            self.errors = _missing(view)
            if self.errors:
                return Answer(0, problem="not sent")
            if not view.given.get("submit"):
                raise LookupError("this modal has nothing to send")
            payload = self._envelope(view.app, "view_submission", view)
            letter = Letter(view.app, "interaction", payload | {"view": view.json(), "response_urls": []})
        answer = self.server.post.carry(letter)
        with self.server.lock:
            self._came_back(view, answer)
        self.server.acted()
        return answer

    def closes(self) -> None:
        """Leave the top modal without sending it."""
        view = self._open()
        letters = []
        with self.server.lock:
            leaving = self.stack[:] if view.given.get("clear_on_close") else [view]
            self.stack = [v for v in self.stack if v not in leaving]
            for gone in reversed(leaving):
                if gone.given.get("notify_on_close"):
                    payload = self._envelope(gone.app, "view_closed")
                    payload |= {"view": gone.json(), "is_cleared": len(leaving) > 1}
                    del payload["trigger_id"]
                    letters.append(Letter(gone.app, "interaction", payload))
        for letter in letters:
            self._act(letter)

    def suggestions(self, name: str, typed: str) -> list[Json]:
        """Type into a select of the top modal whose options come from the app; gives what is offered."""
        view = self._open()
        with self.server.lock:
            block, element = find(view.blocks, name, ("external_select", "multi_external_select"))
            if len(typed) < element.get("min_query_length", 3):
                return []
            payload = self._envelope(view.app, "block_suggestion", view)
            del payload["trigger_id"]
            payload |= {
                "action_id": element["action_id"], "block_id": block["block_id"], "value": typed,
                "container": {"type": "view", "view_id": view.id}, "view": view.json(),
            }  # fmt: skip
        answer = self.server.post.carry(Letter(view.app, "options", payload))
        self.offered = self._options(answer)
        return self.offered

    def _options(self, answer: Answer) -> list[Json]:
        given = answer.body if answer.ok and isinstance(answer.body, dict) else {}
        groups = [option for group in given.get("option_groups") or [] for option in group["options"]]
        options = [*(given.get("options") or []), *groups]
        if not answer.ok or len(options) > 100:
            self.server.violations.append(f"no usable options came back: {answer.raw[:200]!r}")
            return []
        return options

    # -- what an answer to a submission does

    def _came_back(self, view: View, answer: Answer) -> None:
        told = answer.body if answer.raw.strip() else {}
        if not answer.ok or not isinstance(told, dict):
            self._trouble(f"status {answer.status} {answer.problem} {answer.raw[:200]!r}")
            return
        try:
            self._follow(view, told)
        except Refused as refused:
            self._trouble(refused.error)

    def _follow(self, view: View, told: Json) -> None:
        action = told.get("response_action", "")
        if action == "errors":
            errors = told.get("errors")
            if not isinstance(errors, dict) or not errors or not set(errors) <= set(view.inputs):
                raise Refused(f"errors name no input: {errors}")
            self.errors = {place: str(words) for place, words in errors.items()}
        elif action == "update":
            view.show(checked_view(self.server, "the answer to a submission", told.get("view")))
        elif action == "push":
            self.opens(
                View(self.server, view.app, self, checked_view(self.server, "push", told.get("view"))), view
            )
        elif action == "clear":
            self.stack.clear()
        elif told:
            raise Refused(f"not an answer to a submission: {told}")
        elif view in self.stack:
            self.stack.remove(view)

    def _trouble(self, why: str) -> None:
        self.errors = {"": TROUBLE}
        self.server.violations.append(f"a submission got no usable answer: {why}")

    def opens(self, view: View, above: View | None = None) -> None:
        """An app shows a modal: as the first, or on top of another one, up to three deep."""
        if above is None:
            self.stack = []
        elif len(self.stack) >= DEEPEST:
            raise Refused("push_limit_reached")
        else:
            view.root, view.previous = above.root, above.id
        self.stack.append(view)
        self.server.views[view.id] = view
        self.errors, self.offered = {}, []

    def _open(self) -> View:
        if not self.stack:
            raise LookupError(f"{self.display} has no modal open")
        return self.stack[-1]


def _missing(view: View) -> dict[str, str]:
    """What the client itself would not send."""
    errors = {}
    for place, block in view.inputs.items():
        element = block["element"]
        held = next(v for k, v in view.state[place][element["action_id"]].items() if k != "type")
        if not held and not block.get("optional"):
            errors[place] = REQUIRED
        elif held and len(str(held)) < element.get("min_length", 0):
            errors[place] = f"Please write at least {element['min_length']} characters."
    return errors
