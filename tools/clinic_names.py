"""Write the made-up clinic's own list of names, which the recipe `clinic` looks for: recipes/clinic_names.txt.

    python tools/clinic_names.py

A person a line, and how they are spoken to at the desk.
"""

from postgrad.embedded.clinic.patients import names
from postgrad.recipe.load import SHIPPED_FOLDER

FILE = SHIPPED_FOLDER / "clinic_names.txt"
HEAD = "# Names of the made-up clinic: nobody bears them. One person a line; further forms after a semicolon.\n"


def text() -> str:
    """The file."""
    return HEAD + "".join(sorted(f"{given} {family}; {given}\n" for given, family in names()))


if __name__ == "__main__":
    FILE.write_text(text())
