"""The story of Unicorn Rentals, as the demo tells it: people, rooms, runbooks, what they lived through."""

from __future__ import annotations

PASSWORD = "unicorns at dawn"  # noqa: S105 -- the demo's people share it, and the demo says so
ORG = "Unicorn Rentals"
ZONE = "Pacific/Auckland"
DAY = 24 * 60  # minutes

TEAMS = {
    "magic-sparkles": ("Magic Sparkles", "Keeps unicorns rentable."),
    "saddle-and-tack": ("Saddle & Tack", "What customers see and hold in their hands."),
    "stable-hands": ("Stable Hands", "The ground everything else stands on."),
}

# handle: (name, teams, about)
PEOPLE = {
    "aroha": ("Aroha Ngata", ["magic-sparkles"], "Looks after the people who look after payments."),
    "priya": ("Priya Raman", ["magic-sparkles"], "Asks the question nobody has asked yet."),
    "sione": ("Sione Taufa", ["magic-sparkles"], "Payments, queues, and runbooks for people he has not met."),
    "mei": ("Mei Lin", ["magic-sparkles"], "Storefront. First post-mortem this year."),
    "tom": ("Tom Beresford", ["magic-sparkles"], "Graphs that tell the truth."),
    "hana": ("Hana Sato", ["magic-sparkles"], "New here. Asks what a tier is."),
    "kiri": ("Kiri Walker", ["saddle-and-tack"], "The voice customers hear."),
    "josh": ("Josh Whaanga", ["saddle-and-tack"], "Security, and reading about it."),
    "dan": ("Dan Okafor", ["stable-hands"], "Queues that push back."),
    "ruth": ("Ruth Abebe", ["stable-hands"], "Remembers why it was built so."),
    "luca": ("Luca Moretti", ["stable-hands"], "Search, mostly at night."),
}

# slug: (purpose, about, team, private)
ROOMS = {
    "magic-sparkles": ("team", "Keeps unicorns rentable.", "magic-sparkles", False),
    "saddle-and-tack": ("team", "What customers see and hold in their hands.", "saddle-and-tack", False),
    "stable-hands": ("team", "The ground everything else stands on.", "stable-hands", False),
    "til": ("til", "Today I learned: a small thing that would have helped yesterday.", "", False),
    "guild-testing": ("guild", "Getting better at finding out.", "", False),
    "culture": ("culture", "How we would like to work together.", "", False),
    "sparkles-leads": ("other", "Rosters and worries.", "magic-sparkles", True),
}

# name: (what, team, labels)
SYSTEMS = {
    "Storefront": ("Where people choose a unicorn and rent it.", "magic-sparkles", {"job": "storefront"}),
    "Payments": ("Takes the money, once.", "magic-sparkles", {"job": "payments"}),
    "Search": ("Finds the unicorn you had in mind.", "stable-hands", {"job": "search"}),
    "Stable register": ("Knows which unicorn is where.", "stable-hands", {"job": "register"}),
}

# title: (system, alert, steps, by, days ago)
RUNBOOKS = {
    "Payments are being refused": (
        "Payments", "PaymentsRefused", "sione", 43,
        """1. Look at the payment queue. Above 60 it is full. `/graph queue_depth`
2. If it is full, double the workers. Safe at any hour. `payctl workers 12`
3. Did a storefront release go out in the last hour? If so, back it out first and ask later.
4. Charge the test card. If that goes through, it is not the bank.
5. Give support the words to use.
6. Watch refusals for ten minutes before you call it eased.""",
    ),
    "Search is slow after a release": (
        "Search", "SearchSlow", "luca", 60,
        """1. See whether the index is being built anew: `searchctl status`
2. If it is, let it finish. It takes nine minutes.
3. If it is not, warm the cache: `searchctl warm`""",
    ),
    "A unicorn is booked twice": (
        "Stable register", "DoubleBooking", "ruth", 210,
        """1. Find both bookings: `register twice today`
2. The earlier one keeps the unicorn.
3. Offer the other customer a unicorn of their choice, and tell support.""",
    ),
}  # fmt: skip

# The night search went quiet: last week. (minutes from its beginning, who, room, line)
# {inc} is the incident's room.
QUIET = [
    (0, "luca", "stable-hands", "/incident Search finds nothing for anyone severity: customers feel it"),
    (1, "luca", "{inc}", "/lead"),
    (2, "luca", "{inc}", "/doing looking at whether the index is there at all"),
    (4, "ruth", "{inc}", "I am up too. The nightly copy ran at two, as always."),
    (6, "luca", "{inc}", "/theory the nightly copy left an empty index behind"),
    (9, "ruth", "{inc}", "/ruled-out the disk. 38% used"),
    (12, "luca", "{inc}", "/decide put yesterday's index back because: an old answer beats none "
     "undo: point the alias at tonight's index again"),
    (15, "luca", "{inc}", "/done looking at whether the index is there at all. It was there, and empty"),
    (19, "ruth", "{inc}", "/done put yesterday's index back"),
    (21, "luca", "{inc}", "/eased"),
    (34, "luca", "{inc}", "/normal"),
    (36, "luca", "{inc}", "/close"),
]  # fmt: skip

QUIET_STORY = [
    ("luca", "/factor The nightly copy reports success when it copies nothing. since: 2021 in-short: Copy says ok"),
    ("ruth", "/factor The alias moves to a new index without looking inside it. since: March in-short: Alias moves"),
    ("luca", "/factor No alert asks whether search finds anything; they ask whether it answers. since: the beginning "
     "in-short: Alerts ask for answers"),
    ("luca", "/went-well Two people were awake, and each said what they were looking at. Nobody looked twice."),
    ("ruth", "/made-it-hard Every graph was green. An empty index answers faster than a full one."),
    ("luca", "/mitigation keeps the old index when the new one is empty owner: @luca by: in 2 weeks"),
    ("ruth", "/mitigation hears when a search for “unicorn” finds none owner: @ruth by: in 3 weeks"),
    ("aroha", "/mitigation finds somebody awake who knows search owner: @aroha by: in 10 days"),
]  # fmt: skip

QUIET_MORE = [
    ("ruth", "/affected four hundred and twelve people looking for a unicorn happened: they found none, and left "
     "needs: to hear that unicorns exist offers: @kiri"),
    ("luca", "/surprised Nobody had ever seen the copy copy nothing. It had done so twice before, on quieter nights."),
    ("luca", "/thank-you To Ruth, who came without being asked. To the customer who wrote, and did not just leave."),
]  # fmt: skip

QUIET_SUMMARY = (
    "For nineteen minutes in the night, every search answered quickly and found nothing. Four hundred and twelve people "
    "looked for a unicorn and left; no booking was lost. An index copied at two in the morning was empty, and everything "
    "that watches search was pleased with how fast it had become."
)

# handle: [(minutes from its beginning, saw, knew, thought)]
QUIET_TELLINGS = {
    "luca": [
        (-4, "Search answered in four milliseconds, usually ninety. I thought the new cache had warmed.",
         "Nothing had been released since Friday.", "We could all go back to bed."),
        (3, "A customer wrote that no unicorns exist. I searched for “unicorn” and found none.",
         "The index is copied at two, every night.", "Fast and empty look the same on our graphs."),
    ],
    "ruth": [
        (5, "The copy's log ended with “ok, 0 documents”.",
         "“ok” had always meant that the copy was whole.", "I have never read past the word ok."),
        (12, "Yesterday's index, whole, one alias away.",
         "An old answer beats none.", "We need not know why before it stops hurting."),
    ],
}  # fmt: skip

# Bookings went missing from the calendar: four days ago; its post-mortem is being written.
CALENDAR = [
    (0, "kiri", "saddle-and-tack", "/incident Bookings are missing from the calendar severity: some customers feel it"),
    (2, "josh", "{inc}", "/lead"),
    (5, "kiri", "{inc}", "/doing asking three customers what they see"),
    (9, "tom", "{inc}", "/theory the calendar drops what begins before the clocks change"),
    (14, "kiri", "{inc}", "/done asking three customers what they see. All three had booked across the last Sunday of September"),
    (17, "tom", "{inc}", "It is our side. 02:30 does not exist on that Sunday, and we skip what we cannot place."),
    (22, "josh", "{inc}", "/decide show such bookings at 03:30 because: a wrong half hour can be put right, a missing day cannot "
     "undo: switch calendar_gap off"),
    (31, "tom", "{inc}", "/done show such bookings at 03:30"),
    (33, "josh", "{inc}", "/eased"),
    (50, "josh", "{inc}", "/normal"),
    (55, "josh", "{inc}", "/close"),
]  # fmt: skip

CALENDAR_STORY = [
    ("tom", "/factor An hour a year does not exist, and no test had ever been in it. since: the beginning"),
    ("josh", "/factor The calendar skips what it cannot place, without a word. since: 2023"),
    ("kiri", "/went-well Asking three customers took nine minutes and told us which Sunday."),
]

# Payments are refusing one rental in four: now. (minutes before now, who, room, line)
RELEASE = [
    (-66, "mei", "magic-sparkles", "Storefront v2.14.0 is live: loyalty tiers at checkout, two copy fixes. The way back is "
     "`deploy back storefront`, rehearsed yesterday, forty seconds."),
    (-64, "mei", "magic-sparkles", "I'll watch the rental graph for ten minutes."),
]  # fmt: skip
REFUSED = [
    (-46, "sione", "magic-sparkles", "Looking. Queue first, as the runbook says.\n\nDepth is 64 of 64. So it is full, and it is "
     "ours. Not the bank."),
    (-45, "priya", "magic-sparkles", "/incident Payments are refusing one rental in four severity: customers feel it alert: {group}"),
    (-44, "priya", "{inc}", "/lead"),
    (-43, "priya", "{inc}", "/ask What do customers see?"),
    (-42, "kiri", "{inc}", "/answer “We couldn’t take your payment”, and their unicorn goes back to the stable."),
    (-39, "sione", "{inc}", "/ruled-out the bank. A test charge went straight through"),
    (-36, "mei", "{inc}", "/ruled-out an expired certificate. Good until March"),
    (-34, "kiri", "{inc}", "/done gave support the words to use, and put a notice at checkout"),
    (-32, "tom", "{inc}", "/ruled-out a full disk. 41% used"),
    (-30, "sione", "{inc}", "/done doubled the payment workers, 6 to 12. Refusals 26% → 19%"),
    (-29, "hana", "{inc}", "/shadow"),
    (-28, "priya", "{inc}", "/update Roughly one rental in four is refused at payment. More workers helped a little. "
     "Nobody has been charged twice. next: 45m"),
    (-24, "sione", "{inc}", "/call for help: does anyone know how the queue drops work when it is full?"),
    (-22, "dan", "calls-for-help", "{coming}"),
    (-20, "ruth", "calls-for-help", "{coming}"),
    (-19, "hana", "{inc}", "What is a tier? I cannot find one on the customer I am looking at."),
    (-17, "priya", "{inc}", "/ask What changed in the last hour?"),
    (-17, "mei", "{inc}", "/answer storefront v2.14.0, loyalty tiers. Every refused rental is a customer without a tier."),
    (-9, "priya", "{inc}", "/decide roll the storefront back to v2.13.2 because: refusals began two minutes after v2.14.0; we do "
     "not need to know why to stop it hurting undo: deploy v2.14.0 again with tiers switched off know: refusals under 1% "
     "twenty minutes from now told: #magic-sparkles, support, Saddle & Tack"),
    (-9, "mei", "{inc}", "/doing rolling the storefront back to v2.13.2"),
    (-8, "sione", "{inc}", "/doing watching the queue while the roll-back lands"),
    (-6, "priya", "{inc}", "/ask If we do nothing for ten minutes, what happens?"),
    (-4, "mei", "{inc}", "The roll-back is at half the servers."),
]  # fmt: skip


# name: (title, description, impact, how many, labels)
ALERTS = {
    "PaymentsRefused": (
        "Payments are refusing one rental in four", "26% of rentals are refused at checkout, usually 0.2%.",
        "“We couldn’t take your payment”", 8, {"job": "payments", "severity": "page"},
    ),
    "SearchSlow": (
        "Search takes longer than a second", "The slowest tenth of searches take 1.4 s, usually 0.1 s.", "", 2,
        {"job": "search", "severity": "ticket"},
    ),
}  # fmt: skip

# What fired before and was over again. (minutes before now, alert, minutes it lasted, who went by its runbook)
FIRED = [
    (-41 * DAY, "PaymentsRefused", 18, "sione"),
    (-12 * DAY, "PaymentsRefused", 9, "mei"),
    (-195, "SearchSlow", 4, ""),
]


def alert(name: str, since: str, until: str = "") -> dict[str, object]:
    """What Alertmanager sends when `name` fires, or no longer does; moments are ISO 8601."""
    title, description, impact, many, own = ALERTS[name]
    labels = {"alertname": name, **own}
    annotations = {"summary": title, "description": description, "impact": impact}
    status = "resolved" if until else "firing"
    each = [
        {
            "status": status, "labels": {**labels, "instance": f"{own['job']}-{n}"}, "annotations": annotations,
            "startsAt": since, "endsAt": until or "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus.example.org/graph", "fingerprint": f"{name[0]}{n:015x}",
        }
        for n in range(1, many + 1)
    ]  # fmt: skip
    return {
        "version": "4", "groupKey": f'{{}}:{{alertname="{name}"}}', "truncatedAlerts": 0, "status": status,
        "receiver": "fireside", "groupLabels": {"alertname": name}, "commonLabels": labels,
        "commonAnnotations": annotations, "externalURL": "http://alertmanager.example.org", "alerts": each,
    }  # fmt: skip


TALK = [
    (-200, "aroha", "culture", "Two people asked me this week what we mean by *blameless*. I would like to talk about it on Friday, "
     "with the night search went quiet as our example."),
    (-190, "aroha", "sparkles-leads", "Sione was up last night. Let us see that somebody else takes tonight."),
    (-180, "ruth", "guild-testing", "I am hosting “tests that tell a story” on Thursday at three, in the room and online."),
    (-70, "mei", "til", "SQLite will happily index an expression: `create index … on booking(date(at))`"),
]  # fmt: skip

# the beginning of the words, the sign, who claps
CLAPS = [
    ("Storefront v2.14.0 is live", "👀", ["tom", "priya", "hana", "aroha", "sione"]),
    ("Looking. Queue first", "🙏", ["priya", "kiri"]),
    ("SQLite will happily", "💡", ["dan", "tom", "josh"]),
    ("What is a tier?", "❤️", ["priya", "mei", "ruth"]),
]  # fmt: skip
