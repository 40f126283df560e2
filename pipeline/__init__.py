"""One episode, from footage to a delivered file; every stage is a module."""
