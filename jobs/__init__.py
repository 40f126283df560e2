"""A season: many episodes from one manifest, rendered here or on a cluster, resumable at any moment."""
