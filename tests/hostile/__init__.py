"""Drivers that kill and starve a run, and compare what came of it with an undisturbed one."""
