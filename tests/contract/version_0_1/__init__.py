"""Tables that version 0.1 itself wrote, and the script that had it do so."""
