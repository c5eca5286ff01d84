"""What is kept: the database, snapshot folders and report files."""
