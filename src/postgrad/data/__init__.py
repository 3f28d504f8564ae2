"""From files to the rows that are trained on: read, filter, redact, deduplicate, decontaminate, mix. No torch.

Every part is a function from records to `Handled` rows (the record that goes on, or None, and what the ledger says of
it), so that `steps.py` can stream any of them from Parquet to Parquet and prove that no row is lost.
"""
