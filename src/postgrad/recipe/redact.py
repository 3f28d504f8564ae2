"""What a recipe says of personal data: per kind what is done with it, and what is needed to find it."""

from pathlib import Path
from typing import Literal

from pydantic import model_validator

from postgrad.recipe.part import Part, Text, wrong

Treatment = Literal["keep", "report", "replace", "pseudonym", "drop"]


class Redact(Part):
    """Personal data in the rows: `keep` (not looked for), `report` (counted in the ledger, the text stays), `replace`
    (a mark such as <email>), `pseudonym` (a mark that is the same for the same value), or `drop` the row. Tülu 3
    published no redaction. What is found and what is not: docs/privacy.md.
    """

    email: Treatment = "keep"
    """E-mail addresses."""
    phone: Treatment = "keep"
    """Phone numbers, by the numbering plans of `regions` and in international form."""
    iban: Treatment = "keep"
    """International bank account numbers, by their checksum."""
    card: Treatment = "keep"
    """Payment cards, by issuer and checksum."""
    national_id: Treatment = "keep"
    """National identity, tax, health and insurance numbers that have a checksum or a form of their own."""
    ip: Treatment = "keep"
    """Addresses of hosts, IPv4 and IPv6."""
    mac: Treatment = "keep"
    """Addresses of network cards."""
    birth_date: Treatment = "keep"
    """Dates that are said to be of birth."""
    record_number: Treatment = "keep"
    """Numbers of patients, cases and records, by the words beside them."""
    name: Treatment = "keep"
    """The names in the file `names`."""
    regions: tuple[Text, ...] = ("US",)
    """Whose national phone numbers are known (ISO 3166 codes), besides international ones."""
    names: Path | None = None
    """File of names to look for, one a line. Relative to the recipe file."""
    pseudonym_key: Path | None = None
    """File with the key of pseudonyms, made if it is not there. Default: $POSTGRAD_PSEUDONYM_KEY, else in your data
    folder. It must not lie in the run or the store.
    """
    presidio: Text | None = None
    """A spaCy model, to have Presidio look as well (extra `presidio`)."""

    @property
    def pseudonyms(self) -> bool:
        """Whether a kind is given pseudonyms, so that there must be a key."""
        return "pseudonym" in dict(self).values()

    @model_validator(mode="after")
    def _names_to_look_for(self) -> "Redact":
        if self.name != "keep" and self.names is None and self.presidio is None:
            raise wrong("treats names, but names none to look for", "add `names: FILE`, one name a line")
        return self
