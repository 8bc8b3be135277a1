"""Six ideas carry everything: people, rooms, cards, timeline, commands, workflows."""
