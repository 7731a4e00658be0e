"""What the parts of the model are worth: the same measurement with a part and without it."""
