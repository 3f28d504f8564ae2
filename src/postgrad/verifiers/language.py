"""Which language a text is in, if a library that works offline is installed: langdetect, as IFEval itself uses."""

import importlib
from functools import cache
from types import ModuleType


@cache
def _library() -> ModuleType | None:
    try:
        found = importlib.import_module("langdetect")
    except ImportError:
        return None
    found.DetectorFactory.seed = 0  # it samples; with a seed the same text has the same language every time
    return found


def language_of(text: str) -> str | None:
    """ISO 639-1 code of the text's language, "" where there is too little text to tell; None without a library."""
    library = _library()
    if library is None:
        return None
    try:
        return str(library.detect(text))
    except library.lang_detect_exception.LangDetectException:
        return ""
