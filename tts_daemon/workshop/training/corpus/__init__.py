"""The recordings as the trainers read them: labels, alignment and features."""
