"""Looks at the machine itself: its folders, its disk, its secrets."""
