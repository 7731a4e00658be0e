"""The main job from end to end: an operator's prompts on a running graph, checked against the twin's truth."""
