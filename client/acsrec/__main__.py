"""`python -m acsrec`, the same as the command `acsrec`."""

from acsrec.command import app

app(prog_name="acsrec")
