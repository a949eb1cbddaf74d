"""A TopView of your own: every row of the catalog over real HTTP, without an account and without credits."""
