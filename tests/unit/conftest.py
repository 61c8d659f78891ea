"""Properties are tried often enough to find faults and never fail for a slow machine."""

from hypothesis import settings

settings.register_profile("house", deadline=None, max_examples=60)
settings.load_profile("house")
