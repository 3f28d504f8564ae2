"""From files to the rows that are trained on: read, filter, redact, deduplicate, decontaminate, mix. No torch.

Parts that look at one row take a record and give a `Handled` (the record that goes on, or None, and what the ledger
says); parts that must see all rows first take Arrow batches, twice. `steps.py` makes steps of them, from Parquet to
Parquet, and proves that no row is lost.
"""
