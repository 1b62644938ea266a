"""`make demo`: a simulated call recorded, watched and proven, and a console to look at it."""
