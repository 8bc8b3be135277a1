"""A person's Slack client: commands, shortcuts, and the controls on messages."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from tests.slack_server.messages import Message
from tests.slack_server.post import Answer, Letter
from tests.slack_server.profiles import Profile
from tests.slack_server.refusal import Refused
from tests.slack_server.replies import Doorway
from tests.slack_server.views import Trigger, View, find, value_of
from tests.slack_server.wording import encode, escape

if TYPE_CHECKING:
    from tests.slack_server.apps import App
    from tests.slack_server.channels import Channel

Json = dict[str, Any]
TRIGGER_LIVES = 3.0
TIMEOUTS = ("http_timeout", "timeout")


class Client(Profile):
    def types(self, channel: Channel, line: str) -> Answer:
        """Send a slash command; what the app answers is shown to them, or to all."""
        name, _, words = line.partition(" ")
        with self.server.lock:
            self._able(channel)
            app = self._app(lambda app: name in app.commands, f"{name} is not a valid command")
            escaped = bool(app.commands[name].get("should_escape"))
            doorway = Doorway(app, self, channel, None, 0)
            payload = self._command(app, channel, name, words.strip(), escaped)
        answer = self.server.post.carry(Letter(app, "command", payload, command=name))
        with self.server.lock:
            self._heard(answer, doorway, name)
        self.server.acted()
        return answer

    def _command(self, app: App, channel: Channel, name: str, words: str, escaped: bool) -> Json:
        house = self.workspace
        shown = {"im": "directmessage", "mpim": "mpdm", "group": "privategroup"}.get(
            channel.kind, channel.name
        )
        installed = house.installed(app)
        payload = {
            "token": app.verification_token, "team_id": house.id, "team_domain": house.domain,
            "channel_id": channel.id, "channel_name": shown, "user_id": self.id, "user_name": self.name,
            "command": name, "text": encode(words, self, labels=True) if escaped else escape(words),
            "api_app_id": app.id, "trigger_id": self._trigger(app),
            "is_enterprise_install": str(bool(installed and installed.workspace is None)).lower(),
            "response_url": self.server.replies.url(app, self, channel),
        }  # fmt: skip
        if house.enterprise:
            payload |= {"enterprise_id": house.enterprise, "enterprise_name": f"{house.name} Org"}
        return payload

    def _heard(self, answer: Answer, doorway: Doorway, name: str) -> None:
        if not answer.ok:
            error = "operation_timeout" if answer.problem in TIMEOUTS else "dispatch_failed"
            words = f'{name} failed with the error "{error}"'
            aside = Message(
                doorway.channel, self.server.clock.ts(), words, "USLACKBOT", ephemeral=True, to=self
            )
            doorway.channel.whisper(aside)
        elif answer.raw.strip():
            payload = answer.body if isinstance(answer.body, dict) else {"text": str(answer.body)}
            try:
                self.server.replies.say(doorway, payload, f"the answer to {name}")
            except Refused as refused:
                self.server.violations.append(f"the answer to {name} could not be shown: {refused.error}")

    # -- shortcuts and home

    def uses(self, callback_id: str, channel: Channel | None = None, ts: str | None = None) -> Answer:
        """A shortcut from the menu, or from the menu of a message."""
        with self.server.lock:
            app = self._app(lambda app: callback_id in app.shortcuts, f"there is no shortcut {callback_id}")
            kind = app.shortcuts[callback_id]["type"]
            if (kind == "message") != (channel is not None and ts is not None):
                raise LookupError(f"{callback_id} is a {kind} shortcut")
            payload = self._envelope(app, "message_action" if channel else "shortcut")
            payload |= {"callback_id": callback_id, "action_ts": self.server.clock.ts()}
            if channel and ts:
                message = self._seen(channel, ts)
                payload |= {
                    "channel": {"id": channel.id, "name": channel.name or "directmessage"},
                    "message_ts": ts, "message": message.json(metadata=True),
                    "response_url": self.server.replies.url(app, self, channel),
                }  # fmt: skip
        return self._act(Letter(app, "interaction", payload))

    def opens_home(self, app: App | None = None) -> None:
        """Look at an app's home tab; the app is told."""
        with self.server.lock:
            app = app or self._app(lambda a: bool(a.home.get("home_tab_enabled")), "no app has a home tab")
            home = self.homes.get(app.id)
            channel = self.workspace.dm(self, self.workspace.bot(app))
            event = {"user": self.id, "channel": channel.id, "tab": "home"}
            event |= {"view": home.json()} if home else {}
            self.server.events.tell(self.workspace, "app_home_opened", event, app=app)
        self.server.acted()

    # -- controls

    def presses(self, channel: Channel, ts: str, label: str) -> Answer:
        """Press the button with this text on a message."""
        with self.server.lock:
            message = self._seen(channel, ts)
            block, element = find(message.blocks, label, ("button", "icon_button"))
            letter = self._on_message(message, self._action(block, element))
        return self._act(letter)

    def chooses(self, channel: Channel, ts: str, label: str, given: Any) -> Answer:
        """Choose in the control with this placeholder, action_id or block_id on a message."""
        with self.server.lock:
            message = self._seen(channel, ts)
            block, element = find(message.blocks, label)
            value = value_of(element, given, self.offered)
            if element["type"] != "overflow":
                message.chosen.setdefault(block["block_id"], {})[element["action_id"]] = value
            letter = self._on_message(message, self._action(block, element) | value)
        return self._act(letter)

    def presses_in(self, view: View, label: str) -> Answer:
        """Press a button in a modal or on the home tab."""
        with self.server.lock:
            block, element = find(view.blocks, label, ("button", "icon_button"))
            letter = self._in_view(view, self._action(block, element))
        return self._act(letter)

    def chooses_in(self, view: View, label: str, given: Any) -> Answer:
        """Choose in a control of a modal or of the home tab that is no input."""
        with self.server.lock:
            block, element = find(view.blocks, label)
            value = value_of(element, given, self.offered)
            if element["type"] != "overflow":
                view.state[block["block_id"]][element["action_id"]] = value
            letter = self._in_view(view, self._action(block, element) | value)
        return self._act(letter)

    def _action(self, block: Json, element: Json) -> Json:
        same = ("action_id", "type", "text", "value", "style", "url", "placeholder")
        shown = {name: element[name] for name in same if name in element}
        return shown | {"block_id": block["block_id"], "action_ts": self.server.clock.ts()}

    def _on_message(self, message: Message, action: Json) -> Letter:
        if message.app is None:
            raise LookupError("only an app's message has controls")
        payload = self._envelope(message.app, "block_actions")
        channel = message.channel
        payload |= {
            "container": {"type": "message", "message_ts": message.ts, "channel_id": channel.id,
                          "is_ephemeral": message.ephemeral},
            "channel": {"id": channel.id, "name": channel.name or "directmessage"},
            "state": {"values": message.chosen}, "actions": [action],
            "response_url": self.server.replies.url(message.app, self, channel, message),
        }  # fmt: skip
        if message.thread_ts:
            payload["container"]["thread_ts"] = message.thread_ts
        if not message.ephemeral:
            payload["message"] = message.json(metadata=True)
        return Letter(message.app, "interaction", payload)

    def _in_view(self, view: View, action: Json) -> Letter:
        payload = self._envelope(view.app, "block_actions", view)
        payload |= {
            "container": {"type": "view", "view_id": view.id}, "view": view.json(), "actions": [action],
            "state": {"values": view.state},
        }  # fmt: skip
        return Letter(view.app, "interaction", payload)

    # -- what all of these share

    def _act(self, letter: Letter) -> Answer:
        answer = self.server.post.carry(letter)
        self.server.acted()
        return answer

    def _envelope(self, app: App, kind: str, view: View | None = None) -> Json:
        house = self.workspace
        installed = house.installed(app)
        org = {"id": house.enterprise, "name": f"{house.name} Org"} if house.enterprise else None
        team = {"id": house.id, "domain": house.domain}
        if org:
            team |= {"enterprise_id": house.enterprise, "enterprise_name": org["name"]}
        return {
            "type": kind, "team": team, "api_app_id": app.id, "token": app.verification_token,
            "user": {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team_id},
            "trigger_id": self._trigger(app, view), "enterprise": org,
            "is_enterprise_install": bool(installed and installed.workspace is None),
        }  # fmt: skip

    def _trigger(self, app: App, view: View | None = None) -> str:
        key = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.server.triggers[key] = Trigger(app, self, self.server.now() + TRIGGER_LIVES, view)
        return key

    def _app(self, wanted: Any, otherwise: str) -> App:
        for installation in reversed(self.server.installations):
            if installation.live and installation.covers(self.workspace) and wanted(installation.app):
                return installation.app
        raise LookupError(otherwise)

    def _seen(self, channel: Channel, ts: str) -> Message:
        if not channel.visible_to(self):
            raise LookupError(f"{self.display} cannot see this channel")
        for message in [*channel.messages.values(), *(m for m in channel.asides if m.to is self)]:
            if message.ts == ts:
                return message
        raise LookupError("there is no such message to be seen here")
