"""Random numbers and what they become: streams of uniforms, distributions, counts."""
