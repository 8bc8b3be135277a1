"""The door for programs: every command, and the records a person may see, as JSON."""
