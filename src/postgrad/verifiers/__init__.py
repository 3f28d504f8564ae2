"""Completion → verdict. Pure, without torch; a verifier that cannot tell says so and gives no reward."""

from postgrad.verifiers.dispatch import NAMES, verify
from postgrad.verifiers.prove import Case, ProofLine, case_of, prove, proved

__all__ = ["NAMES", "Case", "ProofLine", "case_of", "prove", "proved", "verify"]
