"""The words of the made world: names, nouns by kind, adjectives, adverbs, attribute values.

Kept as plain lists so that a reader sees at once what the base can speak of. Every word is short
and frequent enough in the pretraining text to become one token.
"""

# ruff: noqa: SIM905  (word lists read best as lines of words)

GIVEN = (
    "Tam Mira Jory Lena Odin Petra Rolf Sana Ulric Vera Wim Yara Abel Bryn Cato Dora Edda Finn Gwen Hugo Ines Jonas "
    "Kira Levi Mona Nils Olga Pavel Quinn Rhea Silas Thea Umar Vito Wanda Xena Yusuf Zora Anders Birte Cyril Delia "
    "Emil Flora Gorm Hilda Ivo Judit"
).split()
FAMILY = (
    "Orwin Balder Crane Dunmore Ester Falk Garland Holm Ivers Jansen Keller Lorne Marsh Norden Oakley Pell Quill Ruger "
    "Stroud Tarn Upton Vance Weller Yates Zeller Arden Brook Corwin Dale Elmer Frost Grove Hart Irving Joss Kemp Lark "
    "Moss Nash Olsen Pike Reed Sloan Thorn Ustin Voss Wick Yorke Ash Birch"
).split()
LANDS = ("Arvenia", "Bostra", "Caldora", "Demark", "Elvany", "Farland")
TOWNS = (
    "Harbel Torwick Lunden Brimley Castor Dovrin Eskel Fenwick Galden Hollin Ilmar Jarrow Kelso Lindal Morvan Nesbit "
    "Orlen Padstow Rusk Selby Tolmin Ulver Verdun Wexham"
).split()

JOBS = (
    "baker miller tailor weaver potter mason painter sailor fisher farmer doctor teacher singer writer judge guard "
    "clerk smith hunter driver gardener dancer pilot printer"
).split()
ANIMALS = (
    "fox owl hen dog cat goat horse cow pig duck swan bear wolf frog mouse snake crow rabbit sheep donkey turtle "
    "lizard spider eagle"
).split()
PETS = "dog cat goat rabbit mouse snake parrot turtle frog lizard pony duck hamster crow ferret spider".split()
FOODS = (
    "bread cheese soup rice apple plum pear cake honey butter pie fish egg onion carrot melon grape nut salad noodle "
    "lemon bean corn potato"
).split()
TOOLS = (
    "hammer saw knife brush spade rope ladder needle axe rake broom drill wrench bucket torch shovel chisel file lever "
    "pump"
).split()
PLACES = (
    "river lake hill forest field garden market harbour bridge tower castle valley beach road island mill barn school "
    "cave village"
).split()
COLOURS = "red blue green white black brown grey yellow pink gold".split()

COUNTED = "apple plum pear egg nut cake coin book stone bean shell card button lemon melon carrot".split()
"""Nouns of word problems: each takes a plain -s."""

ADJECTIVES = {
    "animals": "small big quick slow quiet loud old young shy brave clever wild calm sleepy hungry gentle".split(),
    "foods": "fresh sweet sour warm cold soft ripe dry salty plain tasty cheap".split(),
    "tools": "sharp heavy light strong old new long short useful rusty cheap sturdy".split(),
    "places": "quiet busy wide narrow old green dark sunny cold lovely empty famous".split(),
}
OPENERS = "Today Soon Often Now Later Sometimes Perhaps Here Once Maybe Again Still".split()
"""Words that open a sentence; an instruction may ask for one."""
CLOSERS = "today tonight again slowly together outside always alone now later quietly often".split()
"""Words that close a sentence; an instruction may ask for one."""
NUMBER_WORDS = "zero one two three four five six seven eight nine ten eleven twelve".split()
