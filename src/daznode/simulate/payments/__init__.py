"""A network in which every payment searches, tries, fails, tries again and settles."""
