"""Personal data in texts: found by one file a kind of detector, and then reported, replaced, pseudonymised or dropped.

`find.find(text, redaction)` gives the places, `make(redaction)` a function that treats one record.
What is found and what is not, with precision and recall, is in docs/privacy.md.
"""

from postgrad.data.pii.kinds import KINDS, TREATMENTS, Found, Kind, Redaction, Treatment
from postgrad.data.pii.names import read_names
from postgrad.data.pii.pseudonyms import key_file, load_key
from postgrad.data.pii.redact import STEP, Redactor, make

__all__ = ["KINDS", "STEP", "TREATMENTS", "Found", "Kind", "Redaction", "Redactor", "Treatment", "key_file",
           "load_key", "make", "read_names"]
