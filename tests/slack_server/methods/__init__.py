"""The methods of the Web API; importing them enters them in the book."""

from tests.slack_server.methods import chat, conversations, doors, files, marks, people, rooms, screens

__all__ = ["chat", "conversations", "doors", "files", "marks", "people", "rooms", "screens"]
