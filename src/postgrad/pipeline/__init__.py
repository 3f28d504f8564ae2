"""Steps, keys, the artifact store, journals, resume, lineage. No torch here."""

from postgrad.pipeline.cleaning import gc, verify
from postgrad.pipeline.execute import Event, execute, missing
from postgrad.pipeline.journal import Journal
from postgrad.pipeline.keys import plan_keys
from postgrad.pipeline.resources import Resources
from postgrad.pipeline.runs import open_run, write_run
from postgrad.pipeline.steps import Config, File, Inputs, Step, versioned
from postgrad.pipeline.store import Artifact, Store, store_path

__all__ = [
    "Artifact", "Config", "Event", "File", "Inputs", "Journal", "Resources", "Step", "Store", "execute", "gc",
    "missing", "open_run", "plan_keys", "store_path", "verify", "versioned", "write_run",
]  # fmt: skip
