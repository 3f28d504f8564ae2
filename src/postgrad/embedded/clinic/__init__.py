"""A made-up clinic: notes, letters and talks at the desk, with the identifiers of nobody, and secrets planted in them.

What a hospital has on its premises, in small and in public: so that redaction, and what a model remembers of records
that were not redacted, can be shown and measured.
"""
