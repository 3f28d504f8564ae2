"""Scores: tasks run, stages compared, and the seal on unseen tasks. Torch comes in when a model is scored."""
