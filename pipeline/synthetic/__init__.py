"""What draws pretended material: the demo, pictures of presets."""
