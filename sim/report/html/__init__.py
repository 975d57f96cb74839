"""`report.html`: what a run or a sweep says to people, in one file that needs no network and no script."""
