"""Completion → verdict. Pure, without torch; a verifier that cannot tell says so and gives no reward."""
