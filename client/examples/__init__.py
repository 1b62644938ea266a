"""Examples to take from: consumers of the app's events, and a call automation app that has its calls recorded.

None is part of the package. In a clone they run in the folder `client`, with what they import installed beside acsrec.
"""
