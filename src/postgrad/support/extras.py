"""The extras of postgrad: what each is for, and how to get it."""

EXTRAS = {
    "hub": "sources named by `hub:`",
    "languages": "three of IFEval's instructions, which ask for a language",
    "ray": "curation on a Ray cluster",
    "presidio": "one more detector of personal data",
    "croissant": "a test of the cards",
    "dev": "the tests",
}


def to_install(extra: str) -> str:
    """The command, in the folder of the checkout: no index has a package postgrad."""
    return f".venv/bin/pip install -e '.[{extra}]'"
